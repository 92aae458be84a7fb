"""What the server says of itself to anybody: a page, a text for models, a card for clients."""

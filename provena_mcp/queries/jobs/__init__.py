"""Jobs: followed, explained, listed."""

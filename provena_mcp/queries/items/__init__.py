"""Registry items: fetch, list, search, name and describe them."""

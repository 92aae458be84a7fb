"""Registry items: fetched, listed, searched, named, told in brief."""

"""Lineage as a picture: what is drawn, where it stands, and the page and figure that show it."""

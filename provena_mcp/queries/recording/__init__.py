"""Relates recorded files and programs to what the registry knows of them."""

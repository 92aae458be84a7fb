"""Registered lineages as crates: pure, from items to files."""

"""What Provena's provenance means: pure functions over typed records and graphs."""

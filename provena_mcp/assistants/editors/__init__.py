"""Changes to one entry of a settings file, every other byte of which stays as it is."""

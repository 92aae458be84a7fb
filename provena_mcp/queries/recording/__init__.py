"""What the registry knows of files and programs that somebody has recorded."""

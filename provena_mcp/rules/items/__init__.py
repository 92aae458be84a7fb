"""What makes a registry item valid, and what its fields mean."""

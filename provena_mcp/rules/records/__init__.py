"""What makes a model run record valid, and what it refers to."""

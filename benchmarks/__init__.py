"""How fast this is, against the least that could do the same: ``python -m benchmarks``."""

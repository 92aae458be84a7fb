"""Whom and what to cite for a result, over its whole lineage: pure, from items to citation files."""

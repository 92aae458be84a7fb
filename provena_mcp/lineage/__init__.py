"""Lineage graphs turned into answers: summaries, pages, diagrams. Pure."""

"""Provena's CSV of model runs: layout, reading, writing."""

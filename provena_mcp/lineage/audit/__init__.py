"""Can a run be repeated, and is it still current: checks on its record, its inputs and its lineage."""

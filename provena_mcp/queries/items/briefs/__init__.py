"""Items in brief: enough of each to answer with, names instead of bare ids."""

"""Use cases that write: each a change that is previewed, confirmed once and sent once."""

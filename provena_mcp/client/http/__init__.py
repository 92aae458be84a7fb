"""Provena over HTTP: requests, what is repeated, and how answers and failures are read."""

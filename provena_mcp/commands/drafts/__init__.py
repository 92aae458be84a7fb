"""Recorded runs -> proposed records: what is known again, what is new, and what has to be asked."""

"""Reading and checking what is to be written: model run records and items."""

"""How it is seen which files a run touched: four levels, from what was declared to every system call."""

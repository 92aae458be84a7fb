"""Serving over HTTP: the application, who may call it, from where, and with whose rights."""

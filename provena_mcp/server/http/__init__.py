"""Serving over HTTP: the application, who may call it, from where, and as whom Provena is asked."""

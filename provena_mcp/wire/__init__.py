"""Provena's JSON as typed models: the only place where its spelling matters."""

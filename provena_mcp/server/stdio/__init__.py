"""Serving over stdin and stdout: every line is answered, and the server ends with its host."""

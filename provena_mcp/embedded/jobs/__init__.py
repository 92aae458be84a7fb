"""Durable jobs: rows, the queue, the worker, and what each kind of job does."""

"""A copy of what one user may read of a deployment, kept in a store of its own and asked in its place."""

"""The routes of each service that the embedded Provena stands for."""

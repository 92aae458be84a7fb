"""The sample world: ``reef.json``, raw registry items of an invented reef-modelling programme."""

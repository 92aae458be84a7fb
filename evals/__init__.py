"""Questions people ask of Provena, asked of this server, with the truth worked out another way."""

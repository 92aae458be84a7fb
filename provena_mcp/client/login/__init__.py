"""Who is asking: tokens, logins and where they are kept."""

"""Documents behind ``provena://`` URIs, and files read and written for the user."""

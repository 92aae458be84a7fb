"""The headings under which ``--help`` lists the commands."""

from typing import Final

ASK: Final = "Ask"
RECORD: Final = "Record"
TAKE_OUT: Final = "Take out"
SET_UP: Final = "Set up"
SERVE: Final = "Serve"

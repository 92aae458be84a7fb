"""Annotations of a run that was drafted from what recorded it, beside its files' hashes (``file_hashes``)."""

from __future__ import annotations

from typing import Final

COMMAND: Final = "provena.command"
"""The command line, as it was recorded."""

PROGRAM: Final = "provena.program"
"""What was run, by name: runs of one program are alike."""

COMMIT: Final = "provena.commit"
"""Of the source code; ``-dirty`` behind it where the working tree differed."""

REPOSITORY: Final = "provena.repository"
"""Address of the source code."""

RECORDED_AS: Final = "provena.recorded-as"
"""What recorded the run and what it is called there: the name of a capture, or of a crate
with an id in it and a digest of what it states of the run."""

"""Captures what happened: a run's command, files, code and environment, as an RO-Crate, without any server.

``with capture(...)`` does in a script or notebook what ``provena-mcp record`` does for a command.
"""

from provena_mcp.recording.block import capture

__all__ = ["capture"]

"""Settings that say nothing but what a test chooses."""

from __future__ import annotations

from typing import Any

from provena_mcp.settings import Settings


def settings_with(**chosen: Any) -> Settings:
    """Settings without the ``.env`` file of the folder the tests run in."""
    return Settings(**{"_env_file": None, **chosen})

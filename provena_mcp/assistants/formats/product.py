"""What every format says of this server."""

from __future__ import annotations

from typing import Final

from provena_mcp import __version__
from provena_mcp.assistants.servers import NAME, LocalServer
from provena_mcp.settings import Settings
from provena_mcp.wire.items import JsonObject

PACKAGE: Final = "provena-mcp"
VERSION: Final = __version__
# Whoever publishes it has to prove that the domain is theirs.
REGISTRY_NAME: Final = "io.provena/provena-mcp"
# A registry takes 100 characters.
SHORT: Final = "Ask an assistant where a research result came from: provenance out of Provena"
LONG: Final = (
    "Provena records which run made which dataset, from what and by whom. This server answers from it: "
    "lineage in both directions, the way between two results, what is affected if a dataset is wrong, "
    "whether a run can be repeated; and it registers runs, asking before it writes. "
    "A Provena is built in, so it works without an account."
)
AUTHOR: Final = "The provena_mcp authors"
LICENSE: Final = "MIT"
KEYWORDS: Final = ("provenance", "lineage", "research data", "provena", "prov")
DOCUMENTATION: Final = "https://docs.provena.io/"
PROMPTS: Final = (
    "Which datasets fed this result?",
    "Who is affected if this dataset is wrong?",
    "What is in this Provena?",
)
# What a person may set where a format has room for settings.
OFFERED: Final = (
    "domain",
    "realm",
    "store",
    "toolsets",
    "read_only",
    "output_dir",
    "input_dirs",
    "offline_token",
)

# As a shared file can say it: uv fetches exactly this version when it is first started.
FROM_INDEX: Final = LocalServer("uvx", (f"{PACKAGE}@{VERSION}", "serve"))


def variable(setting: str) -> str:
    """The environment variable of a setting."""
    return f"PROVENA_{setting.upper()}"


def words(setting: str) -> str:
    """What a setting means."""
    return Settings.model_fields[setting].description or ""


def described() -> JsonObject:
    """Name, version, words, author, licence and keywords, as most plugin files have them."""
    return {
        "name": NAME,
        "version": VERSION,
        "description": SHORT,
        "author": {"name": AUTHOR},
        "homepage": DOCUMENTATION,
        "license": LICENSE,
        "keywords": list(KEYWORDS),
    }

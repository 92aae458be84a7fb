"""The settings in force here, as an assistant is to give them to the server: without secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from provena_mcp.errors import SettingsError
from provena_mcp.settings import Settings

# They hold paths, which mean something else in the folder an assistant starts the server in.
_PATHS: Final = frozenset({"store", "mirror", "output_dir", "input_dirs", "captures"})
# What has a meaning with the sample world too, which is no deployment and has a store of its own.
_OF_ANY_WORLD: Final = frozenset(
    {
        "toolsets",
        "read_only",
        "output_dir",
        "input_dirs",
        "captures",
        "annotate_via",
        "max_result_tokens",
        "resource_links",
        "call_seconds",
    }
)
_OF_THE_NETWORK: Final = frozenset(
    {"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}
)
_WORDS: Final = frozenset({":memory:", "off"})


@dataclass(frozen=True, slots=True)
class Carried:
    """Variables for the server, and the names of secrets that were set and are left out."""

    environment: dict[str, str] = field(default_factory=dict[str, str])
    left_out: tuple[str, ...] = ()


def carried(settings: Settings, surroundings: Mapping[str, str], *, sample: bool = False) -> Carried:
    """What of ``settings`` was set, apart from what only serving over HTTP, or not the sample, uses.

    With a deployment, the proxies and certificates of ``surroundings`` go along: what a desktop starts does
    not have what a terminal has.

    Raises:
        SettingsError: An address holds a password, which must not be written anywhere.
    """
    environment: dict[str, str] = {}
    left_out: list[str] = []
    for name in sorted(settings.model_fields_set):
        value = getattr(settings, name)
        variable = f"PROVENA_{name.upper()}"
        if value is None or name.startswith("http_") or (sample and name not in _OF_ANY_WORLD):
            continue
        if isinstance(value, SecretStr):
            left_out.append(variable)
        else:
            environment[variable] = _text(name, value)
            _refuse_password(variable, environment[variable])
    if not sample and not settings.is_embedded:
        for name in sorted(name for name in surroundings if name.upper() in _OF_THE_NETWORK):
            if "@" in surroundings[name]:
                left_out.append(name)
            elif surroundings[name]:
                environment[name] = surroundings[name]
    return Carried(environment, tuple(left_out))


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if name == "input_dirs":
        return os.pathsep.join(
            str(Path(one).expanduser().absolute()) for one in text.split(os.pathsep) if one
        )
    if name in _PATHS and text not in _WORDS:
        return str(Path(text).expanduser().absolute())
    return text


def _refuse_password(variable: str, text: str) -> None:
    if "://" in text and "@" in urlsplit(text).netloc:
        raise SettingsError(
            f"{variable} holds a login, which is not written into an assistant's settings.",
            advice=f"Take it out of {variable}; 'provena-mcp login' keeps a login in the keyring.",
        )

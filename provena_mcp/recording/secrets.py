"""Masks secrets in what a capture keeps of a command line and its surroundings: by name and by shape."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

MASK: Final = "[masked]"

_SECRET_WORDS: Final = (
    r"pass(?:word|wd|phrase|code)?|pwd|secrets?|tokens?|api[-_.]?key|apikey|access[-_.]?key(?:[-_.]?id)?"
    r"|private[-_.]?key|account[-_.]?key|secret[-_.]?key|auth(?:orization|[-_.]?token)?|bearer|credentials?"
    r"|creds?|cookie|session[-_.]?(?:id|key|token)|signature|sig|sas|jwt|otp|connection[-_.]?string|dsn"
)
# The word ends the name, or something as harmless as a number follows: --tokens-per-batch is none.
_SECRET_NAME: Final = re.compile(rf"(?i)(?:^|[-_.\s])(?:{_SECRET_WORDS})\d*$")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_SHAPES: Final = re.compile(
    r"""(?x)
    -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    | \beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)*
    | \b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b
    | \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_\w{20,} | \bglpat-[\w-]{16,} | \bhf_[A-Za-z0-9]{20,}
    | \bsk-[\w-]{16,} | \bxox[abposr]-[\w-]{10,} | \bAIza[\w-]{30,} | \bpypi-[\w-]{16,}
    | \bnpm_[A-Za-z0-9]{20,}
    | \b(?:sk|rk|pk)_(?:live|test)_\w{10,} | \bSG\.[\w-]{10,}\.[\w-]{10,} | \bya29\.[\w-]{10,}
    | (?i:\b(?:bearer|basic)[ ]+[\w.~+/=-]{12,})
    """,
    re.DOTALL,
)
_USER_IN_URL: Final = re.compile(r"(?<=://)[^/@\s?#]+(?=@)")
_ASSIGNED: Final = re.compile(
    r"""(?xi) (?P<name> [a-z][\w.-]* ) (?P<sign> ["']? \s* (?: = | :(?!//) ) \s* ["']? )
        (?P<value> (?: (?:bearer|basic|digest|token) \s+ )? [^\s"'&;,}]+ )"""
)
_SHORT_PASSWORDS: Final = {"mysql": "-p", "mysqldump": "-p", "sshpass": "-p", "curl": "-u", "wget": "-u"}


def is_secret_name(name: str) -> bool:
    """Whether what is called so is a secret: ``--api-key``, ``DB_PASSWORD``, ``accessToken``."""
    return _SECRET_NAME.search(_CAMEL.sub("_", name.lstrip("-"))) is not None


def mask_text(text: str) -> str:
    """``text`` without what has the shape of a secret, or is given to the name of one."""
    text = _USER_IN_URL.sub(MASK, _SHAPES.sub(MASK, text))
    return _ASSIGNED.sub(_mask_assigned, text)


def mask_arguments(command: Sequence[str]) -> tuple[str, ...]:
    """A command line without secrets: values of options and assignments named like one, and all shapes."""
    short = _SHORT_PASSWORDS.get(command[0].rpartition("/")[2]) if command else None
    masked: list[str] = []
    is_value = False
    for argument in command:
        if is_value and not (argument.startswith("-") and is_secret_name(argument)):
            masked.append(MASK)
            is_value = False
            continue
        is_value = argument == short or (
            argument.startswith("-") and "=" not in argument and is_secret_name(argument)
        )
        if short and argument.startswith(short) and argument != short and not argument.startswith("--"):
            masked.append(f"{short}{MASK}")
        else:
            masked.append(mask_text(argument))
    return tuple(masked)


def mask_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Environment variables, the values of secrets masked."""
    return {name: MASK if is_secret_name(name) else mask_text(value) for name, value in variables.items()}


def _mask_assigned(found: re.Match[str]) -> str:
    if found["value"].startswith(MASK) or not is_secret_name(found["name"]):
        return found[0]
    return f"{found['name']}{found['sign']}{MASK}"

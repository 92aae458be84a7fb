"""Masks secrets in texts and variables: what has the shape of one, or is given to the name of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

MASK: Final = "[masked]"

_SECRET_WORDS: Final = (
    r"pass(?:word|wd|phrase|code)?|pwd|secrets?|tokens?|api[-_.]?key|apikey|access[-_.]?key(?:[-_.]?id)?"
    r"|private[-_.]?key|account[-_.]?key|secret[-_.]?key|auth(?:orization|[-_.]?token)?|bearer|credentials?"
    r"|creds?|cookie|session[-_.]?(?:id|key|token)|signature|sig|sas|jwt|otp|connection[-_.]?string|dsn"
)
# The word ends the name, or something as harmless as a number follows: --tokens-per-batch is none.
# The plainest of them are often written without anything between: PGPASSWORD, authtoken.
_SECRET_NAME: Final = re.compile(
    rf"(?i)(?:(?:^|[-_.\s])(?:{_SECRET_WORDS})|password|passwd|passphrase|secret|token|apikey)\d*$"
)
_HARMLESS_NAME: Final = re.compile(
    r"""(?xi) (?:^|[-_.])
    (?: (?:max|min|num|n|total|pad|eos|bos|unk|sep|cls|stop) [-_]? (?:new[-_]?)? tokens?
      | (?:high|low|band|first|second|multi|two|single|num|n) [-_]? pass ) $"""
)
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
# To the last @ that can be meant: passwords hold @, and after a colon also what would end the host.
_USER_IN_URL: Final = re.compile(r"""(?<=://)(?:[^/?\#\s"':]{0,2000}:[^\s"']{0,2000}|[^/?\#\s"']+)(?=@)""")
# What a path ends with before a colon is a folder or an image (-v /run/secrets:/run/secrets), no name.
_NAME_AND_SIGN: Final = re.compile(
    r"""(?x) (?<![\w.-]) (?: (?P<path> (?<=/) ) | (?<!/) ) (?P<name> [\w.-]+ )
        ["']? \s* (?: = | (?(path) (?!) | :(?!//) ) ) \s*"""
)
_VALUE: Final = re.compile(
    r"""(?xi)
    (?P<open> ["'] ) (?: \\. | (?! (?P=open) ) [^\\] )*
    | (?: (?:bearer|basic|digest|token) \s+ )?
      (?: (?! [&,;] \s* ["']? [a-z][\w.-]* ["']? \s* [=:]      # the next name begins
            | ["',;)}\]]+ (?: [\s,;)}\]&] | \Z ) )            # what it stands in ends
          \S )+
    """,
    re.DOTALL,
)


def is_secret_name(name: str) -> bool:
    """Whether what is called so is a secret: ``--api-key``, ``DB_PASSWORD``, ``accessToken``."""
    name = _CAMEL.sub("_", name.lstrip("-"))
    return _SECRET_NAME.search(name) is not None and _HARMLESS_NAME.search(name) is None


def mask_text(text: str) -> str:
    """``text`` without what has the shape of a secret, or is given to the name of one."""
    text = _USER_IN_URL.sub(MASK, _SHAPES.sub(MASK, text))
    kept: list[str] = []
    done = at = 0
    while named := _NAME_AND_SIGN.search(text, at):
        at = named.end()
        value = _VALUE.match(text, at) if is_secret_name(named["name"]) else None
        if value is None or text.startswith(MASK, at + len(value["open"] or "")):
            continue
        kept += text[done:at], value["open"] or "", MASK
        done = at = value.end()
    return "".join((*kept, text[done:]))


def mask_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Environment variables, the values of secrets masked."""
    return {name: MASK if is_secret_name(name) else mask_text(value) for name, value in variables.items()}

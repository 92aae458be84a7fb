"""Masks secrets in what a capture keeps of a command line and its surroundings: by name and by shape."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

MASK: Final = "[masked]"

_SECRET_WORDS: Final = (
    r"pass(?:word|wd|phrase|code)?|pwd|secrets?|tokens?|api[-_.]?key|apikey|access[-_.]?key(?:[-_.]?id)?"
    r"|private[-_.]?key|account[-_.]?key|secret[-_.]?key|auth(?:orization|[-_.]?token)?|bearer|credentials?"
    r"|creds?|cookie|session[-_.]?(?:id|key|token)|signature|sig|sas|jwt|otp|connection[-_.]?string|dsn"
)
# The word ends the name, or something as harmless as a number follows: --tokens-per-batch is none.
# Some are so plain that nothing need go before them: PGPASSWORD.
_SECRET_NAME: Final = re.compile(
    rf"(?i)(?:(?:^|[-_.\s])(?:{_SECRET_WORDS})|password|passwd|passphrase|secret|token|apikey)\d*$"
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
# What is before the last @: of a place without a path, or of a name, a colon and anything.
_USER_IN_URL: Final = re.compile(r"""(?<=://)(?:[^\s"'/?#@:]*:[^\s"']*|[^\s"'/?#]+)(?=@)""")
_ASSIGNED: Final = re.compile(
    r"""(?xis) (?P<name> [a-z][\w.-]* ) (?P<sign> ["']? \s* (?: = | :(?!//) ) \s* )
        (?P<value> "(?:\\.|[^"\\])*"? | '[^']*'? | (?: (?:bearer|basic|digest|token) \s+ )? [^\s"'&;,}]+ )"""
)
_ARGUMENT: Final = re.compile(r"(?s)(?P<name>-*[A-Za-z][\w.-]*)(?P<sign>\s*(?:=|:(?!//))\s*)(?P<value>.+)")
# What takes a secret though its name does not say so; a value may stick to a single letter.
_SECRET_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "curl": ("-u", "--user", "-U", "--proxy-user"),
    "ldapsearch": ("-w",),
    "mariadb": ("-p",),
    "mongo": ("-p",),
    "mongosh": ("-p",),
    "mysql": ("-p",),
    "mysqladmin": ("-p",),
    "mysqldump": ("-p",),
    "redis-cli": ("-a",),
    "sqlcmd": ("-P",),
    "sshpass": ("-p",),
    "wget": ("--user", "--http-user", "--ftp-user", "--proxy-user"),
}
_SHELL: Final = re.compile(
    r"""(?xs) (?P<word> (?: '[^']*' | "(?:\\.|[^"\\])*" | \\. | [^\s'"\\;&|()<>`] )+ ) | [;&|()`\n]"""
)
_QUOTED: Final = re.compile(r"""(?s)'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)""")
_RUNS_SCRIPT: Final = re.compile(r"-[a-z]*c")


def is_secret_name(name: str) -> bool:
    """Whether what is called so is a secret: ``--api-key``, ``DB_PASSWORD``, ``accessToken``."""
    return _SECRET_NAME.search(_CAMEL.sub("_", name.lstrip("-"))) is not None


def mask_text(text: str) -> str:
    """``text`` without what has the shape of a secret, or is given to the name of one."""
    text = _USER_IN_URL.sub(MASK, _SHAPES.sub(MASK, text))
    return _ASSIGNED.sub(_mask_assigned, text)


def mask_arguments(command: Sequence[str]) -> tuple[str, ...]:
    """A command line without secrets: values of options and assignments named like one, and all shapes."""
    masked: list[str] = []
    options: tuple[str, ...] = ()
    is_value = is_script = False
    for argument in command:
        if is_value and not (argument.startswith("-") and is_secret_name(argument)):
            masked.append(MASK)
            is_value = False
            continue
        # Whatever goes before them: sudo, env, srun.
        options = _SECRET_OPTIONS.get(argument.rpartition("/")[2], options)
        is_value = argument.startswith("-") and "=" not in argument and _takes_secret(argument, options)
        masked.append(mask_command(argument) if is_script else _mask_argument(argument, options))
        is_script = _RUNS_SCRIPT.fullmatch(argument) is not None
    return tuple(masked)


def mask_command(line: str) -> str:
    """A command line as it is typed, or a script of some, without secrets; the rest of it as it is."""
    commands: list[list[re.Match[str]]] = [[]]
    for found in _SHELL.finditer(line):
        if found["word"]:
            commands[-1].append(found)
        else:
            commands.append([])
    parts: list[str] = []
    end = 0
    for words in commands:
        plain = [_QUOTED.sub(_unquoted, word[0]) for word in words]
        for word, before, after in zip(words, plain, mask_arguments(plain), strict=True):
            shown = shlex.quote(after) if re.search(r"\s", after) else after
            parts += (line[end : word.start()], word[0] if before == after else shown)
            end = word.end()
    return mask_text("".join((*parts, line[end:])))


def mask_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Environment variables, the values of secrets masked."""
    return {name: MASK if is_secret_name(name) else mask_text(value) for name, value in variables.items()}


def _takes_secret(option: str, options: tuple[str, ...]) -> bool:
    """Whether the argument after ``option`` is a secret; single letters may be the last of several."""
    letters = "".join(each[1] for each in options if len(each) == 2)
    several = bool(letters) and re.fullmatch(rf"-[A-Za-z]*[{letters}]", option) is not None
    sticks = any(len(each) == 2 and option.startswith(each) and option != each for each in options)
    return option in options or (several and not sticks) or is_secret_name(option)


def _mask_argument(argument: str, options: tuple[str, ...]) -> str:
    for option in options:
        if len(option) == 2 and argument.startswith(option) and argument != option:
            return f"{option}{MASK}"
        if argument.startswith(f"{option}="):
            return f"{option}={MASK}"
    found = _ARGUMENT.fullmatch(argument)
    if found is not None and is_secret_name(found["name"]):
        return f"{found['name']}{found['sign']}{MASK}"
    if found is not None and found["sign"] == "=":
        return f"{found['name']}={_mask_argument(found['value'], ())}"
    return mask_command(argument) if re.search(r"\s", argument) else mask_text(argument)


def _unquoted(part: re.Match[str]) -> str:
    single, double, escaped = part.groups()
    if double is not None:
        return re.sub(r"""\\(["\\$`])""", r"\1", double)
    return single if single is not None else escaped


def _mask_assigned(found: re.Match[str]) -> str:
    value = found["value"]
    quote = value[0] if value[0] in "\"'" else ""
    if value.startswith(f"{quote}{MASK}") or not is_secret_name(found["name"]):
        return found[0]
    return f"{found['name']}{found['sign']}{quote}{MASK}{quote}"

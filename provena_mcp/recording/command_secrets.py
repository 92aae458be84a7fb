"""Masks secrets in command lines, whether kept as arguments or written as one line for a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

from provena_mcp.recording.secrets import MASK, is_secret_name, mask_text

# Options that take a secret and do not say so by name; ``login`` is that of docker and others.
_DASH_P: Final = (
    "7z", "7za", "login", "mariadb", "mariadb-dump", "mongo", "mongodump", "mongorestore", "mongosh",
    "mysql", "mysqladmin", "mysqldump", "mysqlimport", "sshpass",
)  # fmt: skip
_SECRET_OPTIONS: Final = {
    **dict.fromkeys(_DASH_P, ("-p",)),
    **dict.fromkeys(("zip", "unzip", "sqlcmd", "bcp"), ("-P",)),
    **dict.fromkeys(("ldapsearch", "ldapadd", "ldapmodify"), ("-w",)),
    **dict.fromkeys(("redis-cli", "http", "https"), ("-a",)),
    "curl": ("-u", "-U", "-b", "--user", "--proxy-user"),
    "wget": ("-u", "--user", "--http-user", "--ftp-user", "--proxy-user"),
    "lftp": ("-u", "--user"),
    "smbclient": ("-U", "--user"),
}
# After these, options apart, a name is that of a setting, its value the next word: aws configure set key X.
_SETTERS: Final = frozenset({"set", "config", "put", "store"})
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ksh", "zsh", "fish"})
_GIVEN: Final = re.compile(r"(?P<name>[\w.-]+)(?:=|:(?!/)\s*)")
_SHELL_STRING: Final = re.compile(r"-[a-z]*c")
_QUIET_FLAGS: Final = "-[fikLqrsSv]*"

_WORD: Final = re.compile(
    r"""(?xs) (?: [^\s"'\\] | \\(?:.|\Z) | "(?:[^"\\]|\\(?:.|\Z))*(?:"|\Z) | '[^']*(?:'|\Z) )+"""
)
_QUOTED: Final = re.compile(r"""(?s)'([^']*)'?|"((?:[^"\\]|\\.)*)"?|\\(.)""")
_ESCAPED: Final = re.compile(r'(?s)\\(["\\$`\n])')
# What need not be quoted for people: the brackets of the mask.
_PLAIN: Final = re.compile(r"[\w.:/=@%+,\[\]-]+")
_END: Final = re.compile(r"[;|&)]+\Z")
_BEFORE_NAME: Final = re.compile(r"[/;|&(`]")


def mask_arguments(command: Sequence[str]) -> tuple[str, ...]:
    """A command without secrets: values of options and assignments named like one, and all shapes."""
    return tuple(map(_Masking().masked, command))


def mask_command(line: str) -> str:
    """A command line without secrets; all that is none stays as it was written, quotes included.

    Only white space parts words, as not everyone quotes what they join: ``--password=a&b;c`` is one.
    """
    kept: list[str] = []
    done, masking = 0, _Masking()
    for found in _WORD.finditer(line):
        end = _END.search(found[0])
        word = _unquoted(found[0][: end.start()] if end else found[0])
        masked = masking.masked(word) if word else word
        if masked != word:
            shown = masked if _PLAIN.fullmatch(masked) else shlex.quote(masked)
            kept += line[done : found.start()], shown
            done = found.start() + end.start() if end else found.end()
        if end:
            masking = _Masking()
    return mask_text("".join((*kept, line[done:])))


class _Masking:
    """Goes through the words of one command, knowing its program and what the word before asked for."""

    def __init__(self) -> None:
        self._secret_options: tuple[str, ...] = ()
        self._is_shell = False
        self._before = ""
        self._sets = False
        self._names_setting = False

    def masked(self, word: str) -> str:
        """The next word of the command, without secrets."""
        before, self._before = self._before, word
        self._sets = self._sets or before in _SETTERS
        named, self._names_setting = self._names_setting, self._sets and is_secret_name(word)
        if (named or self._takes_secret(before)) and not (word.startswith("-") and is_secret_name(word)):
            self._before = ""
            return MASK
        if self._is_shell and _SHELL_STRING.fullmatch(before):
            return mask_command(word)
        self._note_program(word)
        for option in self._secret_options:
            if given := self._attached(option, word):
                self._before = ""
                return f"{given}{MASK}"
        given = _GIVEN.match(word)
        while given and not is_secret_name(given["name"]):
            given = _GIVEN.match(word, given.end())
        if given:
            return f"{word[: given.end()]}{MASK}" if given.end() < len(word) else word
        return mask_command(word) if re.search(r"\s", word) else mask_text(word)

    def _takes_secret(self, option: str) -> bool:
        if not option.startswith("-") or "=" in option:
            return False
        short = (each for each in self._secret_options if not each.startswith("--"))
        return (
            option in self._secret_options
            or any(re.fullmatch(_QUIET_FLAGS + each[1], option) for each in short)
            or is_secret_name(option)
        )

    @staticmethod
    def _attached(option: str, word: str) -> str:
        """The part of ``word`` before the secret that it gives to ``option``; empty if it does not."""
        pattern = f"{option}=" if option.startswith("--") else _QUIET_FLAGS + option[1]
        found = re.match(f"({pattern}).", word, re.DOTALL)
        return found[1] if found else ""

    def _note_program(self, word: str) -> None:
        # Wherever it stands: sudo, srun, flock and many more go before a program.
        name = _BEFORE_NAME.split(word)[-1]
        if name in _SECRET_OPTIONS or name in _SHELLS:
            self._secret_options = _SECRET_OPTIONS.get(name, ())
            self._is_shell = name in _SHELLS


def _unquoted(word: str) -> str:
    def inner(found: re.Match[str]) -> str:
        if found[2] is not None:
            return _ESCAPED.sub(r"\1", found[2])
        return found[1] if found[1] is not None else found[3]

    return _QUOTED.sub(inner, word)

"""Validated kinds of text in registry items, such as URLs; errors are in the services' own words."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, AnyHttpUrl, TypeAdapter, ValidationError

from provena_mcp.rules.records.schema import Text

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_EWKT: Final = re.compile(r"SRID=\d+;\s*\S.*", re.DOTALL)
_DURATION: Final = re.compile(r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_URL: Final[TypeAdapter[AnyHttpUrl]] = TypeAdapter(AnyHttpUrl)


def _email(value: str) -> str:
    return _matching(_EMAIL, value, "value is not a valid email address")


def _url(value: str) -> str:
    # Kept as written: parsing would add a slash here and there.
    try:
        _URL.validate_python(value)
    except ValidationError:
        message = "invalid or missing URL scheme"
        raise ValueError(message) from None
    return value


def _ewkt(value: str) -> str:
    return _matching(_EWKT, value, "value is not extended WKT, written as SRID=<number>;<WKT>")


def _duration(value: str) -> str:
    return _matching(_DURATION, value, "value is not an ISO 8601 duration")


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        message = "invalid date format"
        raise ValueError(message) from None


def _matching(pattern: re.Pattern[str], value: str, message: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(message)
    return value


Email = Annotated[Text, AfterValidator(_email)]
Url = Annotated[Text, AfterValidator(_url)]
Day = Annotated[Text, AfterValidator(_day)]
Ewkt = Annotated[Text, AfterValidator(_ewkt)]
IsoDuration = Annotated[Text, AfterValidator(_duration)]

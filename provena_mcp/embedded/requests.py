"""Reading parameters and bodies as the services do, and refusing them in their words (contract 3.2)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError
from starlette.requests import Request

from provena_mcp.rules.schema_wording import SchemaProblem, reworded

M = TypeVar("M", bound=BaseModel)


class UnprocessableError(Exception):
    """The request does not fit its schema: 422."""

    def __init__(self, problems: Iterable[SchemaProblem]) -> None:
        """Hold every problem found."""
        super().__init__("unprocessable")
        self.problems = tuple(problems)

    def as_json(self) -> JsonValue:
        """The body of the answer."""
        return {"detail": [problem.as_json() for problem in self.problems]}


def read_query(request: Request, model: type[M]) -> M:
    """The query parameters as ``model``; of a repeated parameter the last counts.

    Raises:
        UnprocessableError: They do not fit.
    """
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise UnprocessableError(reworded(error, ("query",))) from None


async def read_body(request: Request, model: type[M]) -> M:
    """The JSON body as ``model``.

    Raises:
        UnprocessableError: It is missing, no JSON, or does not fit.
    """
    raw = await read_json(request)
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise UnprocessableError(reworded(error, ("body",))) from None


def problems_of(
    raw: JsonValue, model: type[BaseModel], loc: tuple[str | int, ...] = ("body",)
) -> tuple[SchemaProblem, ...]:
    """Why a JSON value at ``loc`` does not fit ``model``; nothing where it does."""
    try:
        model.model_validate(raw)
    except ValidationError as error:
        return reworded(error, loc)
    return ()


async def read_json(request: Request) -> JsonValue:
    """The JSON body, whatever it holds but null.

    A body declared as something else is not parsed, as in the services; that also keeps out forms
    that a web page posts here without asking.

    Raises:
        UnprocessableError: It is missing or no JSON.
    """
    body = await request.body()
    if not body.strip():
        raise _missing_body()
    declared = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if declared != "application/json" and not declared.endswith("+json"):
        raise UnprocessableError([SchemaProblem(("body",), "value is not a valid dict", "type_error.dict")])
    try:
        raw: JsonValue = json.loads(body)
        if b"\\ud" in body.lower():
            # JSON can spell half characters, which no text that is kept can hold.
            json.dumps(raw, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise UnprocessableError([_no_json(error)]) from None
    except (UnicodeError, RecursionError):
        raise UnprocessableError(
            [SchemaProblem(("body",), "There was an error parsing the body", "value_error")]
        ) from None
    if raw is None:
        raise _missing_body()
    return raw


def _missing_body() -> UnprocessableError:
    return UnprocessableError([SchemaProblem(("body",), "field required", "value_error.missing")])


def _no_json(error: json.JSONDecodeError) -> SchemaProblem:
    return SchemaProblem(
        ("body", error.pos),
        str(error),
        "value_error.jsondecode",
        {
            "msg": error.msg,
            "doc": error.doc,
            "pos": error.pos,
            "lineno": error.lineno,
            "colno": error.colno,
        },
    )

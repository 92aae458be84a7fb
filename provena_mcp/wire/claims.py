"""What an access token says about its bearer, read without asking whether it is genuine."""

from __future__ import annotations

import base64
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

# Within what a clock or a calendar can hold.
_Moment = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1e11)]


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it has characters that cannot be shown")
    return text


def _encodable(text: str) -> str:
    text.encode()
    return text


# They decide, and are written into logs.
_Plain = Annotated[str, AfterValidator(_printable)]
# Names are only shown, by what cleans all that it shows.
_Name = Annotated[str, AfterValidator(_encodable)]


class RealmAccess(BaseModel):
    """Keycloak's structure for realm roles."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    roles: tuple[str, ...] = ()


class Claims(BaseModel):
    """What a token says about its bearer (provena-http 1.3); times are Unix seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    iss: _Plain | None = None
    sub: _Plain | None = None
    azp: _Plain | None = None
    scope: _Plain = ""
    exp: _Moment | None = None
    nbf: _Moment | None = None
    preferred_username: _Name | None = None
    email: _Name | None = None
    realm_access: RealmAccess | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """The realm roles; none where the token lacks their structure."""
        return self.realm_access.roles if self.realm_access else ()


def read_claims(token: str) -> Claims | None:
    """What ``token`` says, unchecked: to be shown to its own bearer, never to decide anything.

    None for a token that is opaque or says it in another shape. A token is three texts in base64, the
    second of which speaks (RFC 7519); reading it needs none of the cryptography that checking it does.
    """
    match token.split("."):
        case [_, payload, _]:
            try:
                said = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
                return Claims.model_validate_json(said)
            except (ValueError, ValidationError, RecursionError):
                return None
        case _:
            return None

"""Answers of Keycloak's token and device endpoints (provena-http 1.2; RFC 6749, RFC 8628)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

# They are shown to a person and opened in a browser: nothing but a plain web address, nothing but a code.
_WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=1000)]
_UserCode = Annotated[str, StringConstraints(pattern=r"^[\w.-]+$", max_length=40)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)


class TokenGrant(_Answer):
    """An access token, how many seconds it lasts, and the refresh token that replaces the one used.

    ``refresh_expires_in`` is Keycloak's own: seconds the refresh token lasts, 0 for no end.
    """

    access_token: SecretStr
    expires_in: float | None = None
    refresh_token: SecretStr | None = None
    refresh_expires_in: float | None = None


class DeviceGrant(_Answer):
    """A device login that waits for its user; times are seconds."""

    device_code: SecretStr
    user_code: _UserCode
    verification_uri: _WebAddress
    verification_uri_complete: _WebAddress | None = None
    expires_in: float = Field(gt=0)
    interval: float = Field(default=5, ge=0)


class TokenRefusal(_Answer):
    """Why an endpoint refused, as OAuth says it."""

    error: str = ""
    error_description: str = ""

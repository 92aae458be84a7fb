"""Answers of Keycloak's token endpoint (contract 1.2)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, SecretStr


class TokenGrant(BaseModel):
    """An access token, how many seconds it lasts, and the refresh token that replaces the one used."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    access_token: SecretStr
    expires_in: float | None = None
    refresh_token: SecretStr | None = None

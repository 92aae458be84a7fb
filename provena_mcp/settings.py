"""Settings: read once from the environment, ``.env`` and flags, then passed down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from provena_mcp.errors import SettingsError

_PREFIX_OF: Final = {
    "prov": "prov-api",
    "registry": "registry-api",
    "job": "job-api",
    "search": "search",
    "auth": "auth-api",
    "data": "data-api",
}


class Endpoints(BaseModel):
    """Base URLs of one Provena, without trailing slashes (provena-http 1.1)."""

    model_config = ConfigDict(frozen=True)

    prov: str
    registry: str
    job: str
    search: str
    auth: str
    data: str
    keycloak: str | None = None


class Settings(BaseSettings):
    """Everything an operator can set, as ``PROVENA_<NAME>``."""

    model_config = SettingsConfigDict(
        env_prefix="PROVENA_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    domain: str | None = Field(default=None, description="Domain of a deployment, e.g. provena.example.org.")
    realm: str | None = Field(default=None, description="Keycloak realm of that deployment.")
    prov_api: str | None = Field(
        default=None, description="Base URL of its prov-api, instead of the derived one."
    )
    registry_api: str | None = Field(default=None, description="Base URL of its registry-api.")
    job_api: str | None = Field(default=None, description="Base URL of its job-api.")
    search_api: str | None = Field(default=None, description="Base URL of its search API.")
    auth_api: str | None = Field(default=None, description="Base URL of its auth-api.")
    data_api: str | None = Field(default=None, description="Base URL of its data-store API.")
    keycloak: str | None = Field(default=None, description="Full URL of its Keycloak realm.")

    access_token: SecretStr | None = Field(default=None, description="A ready access token.")
    offline_token: SecretStr | None = Field(default=None, description="An offline (refresh) token.")
    client_id: str = Field(default="client-tools", description="OAuth client id.")
    client_secret: SecretStr | None = Field(
        default=None, description="OAuth client secret (client credentials)."
    )

    store: Path | None = Field(default=None, description="SQLite file of the embedded Provena.")
    mirror: Path | None = Field(
        default=None,
        description="SQLite file of a mirror of the deployment, which is read in its place.",
    )
    mirror_max_age: float = Field(
        default=24.0, gt=0, description="Hours after which a mirror is too old, and says so."
    )
    mirror_refresh: bool = Field(
        default=False, description="Pull into a mirror that is too old before it answers."
    )
    toolsets: str = Field(default="default", description="Toolsets to offer: names, default, lean or all.")
    read_only: bool = Field(default=False, description="Register no tool that writes.")
    output_dir: str | None = Field(
        default=None, description="Where save_as writes (stdio only); off disables it."
    )
    input_dirs: str | None = Field(
        default=None, description="Directories whose files may be read (stdio only)."
    )
    captures: str | None = Field(
        default=None,
        description="Where captures of runs lie (stdio and 'record'), instead of the project's "
        ".provena/captures.",
    )
    max_result_tokens: int = Field(
        default=4000, ge=500, le=20_000, description="Budget of one tool result, in tokens."
    )
    resource_links: bool = Field(
        default=False,
        description="Add links to documents to results, for hosts that show them; many cannot read them.",
    )
    annotate_via: bool = Field(
        default=False,
        description="Have runs name the client that registers them, in the annotation provena.via.",
    )
    call_seconds: float = Field(default=110.0, gt=0, le=600, description="The longest a call may take.")

    http_url: str | None = Field(
        default=None,
        description="Address at which clients reach /mcp, which their tokens must be for (HTTP only), e.g. "
        "https://mcp.example.org/mcp.",
    )
    http_hosts: str = Field(default="", description="Further Host headers to answer, comma-separated.")
    http_origins: str = Field(
        default="", description="Origins of web pages that may call, comma-separated; none by default."
    )
    http_scopes: str = Field(
        default="", description="OAuth scopes that a caller's token must have, separated by spaces."
    )
    http_write_scope: str | None = Field(
        default=None, description="OAuth scope that tools which write ask for as well."
    )
    http_login: Literal["exchange", "service"] = Field(
        default="exchange",
        description="As whom Provena is asked: the caller, through token exchange, or the server's own "
        "client, which then only reads.",
    )
    http_audience: str | None = Field(
        default=None, description="Whom exchanged tokens are for; Keycloak's default if unset."
    )
    http_key: SecretStr | None = Field(
        default=None,
        description="Seals what goes through callers' hands; the same for all replicas, 32 characters or "
        "more; several separated by commas while it is changed, the newest first.",
    )
    http_store: Annotated[str, BeforeValidator(str)] | None = Field(
        default=None,
        description="What all replicas share, for previews and documents: an SQLite file, or, where they run "
        "on several machines, the address of a Redis or Valkey server, e.g. rediss://redis.example.org:6379/0.",
    )
    http_store_password: SecretStr | None = Field(
        default=None, description="Password of that server; a user is named in its address."
    )
    http_calls_at_once: int = Field(default=8, ge=1, description="Calls of one caller under way at once.")
    http_calls_per_minute: int = Field(default=300, ge=1, description="Requests of one caller a minute.")

    @property
    def is_embedded(self) -> bool:
        """Whether no deployment is configured at all."""
        return not (self.domain or self.realm or self.keycloak or any(self._overrides().values()))

    def endpoints(self) -> Endpoints | None:
        """Base URLs of the configured deployment; none means the embedded Provena.

        Raises:
            SettingsError: The deployment is half configured.
        """
        if self.is_embedded:
            return None
        overrides = self._overrides()
        if self.domain is None:
            missing = [f"PROVENA_{name.upper()}_API" for name, url in overrides.items() if not url]
            if missing:
                raise _half_set(missing if any(overrides.values()) else ["PROVENA_DOMAIN"])
        elif self.realm is None and self.keycloak is None:
            raise _half_set(["PROVENA_REALM"])
        urls = {
            name: (url or f"https://{_PREFIX_OF[name]}.{self.domain}").rstrip("/")
            for name, url in overrides.items()
        }
        return Endpoints(**urls, keycloak=self._keycloak())

    def _overrides(self) -> dict[str, str | None]:
        return {
            "prov": self.prov_api,
            "registry": self.registry_api,
            "job": self.job_api,
            "search": self.search_api,
            "auth": self.auth_api,
            "data": self.data_api,
        }

    def _keycloak(self) -> str | None:
        if self.keycloak:
            return self.keycloak.rstrip("/")
        if self.domain and self.realm:
            return f"https://auth.{self.domain}/auth/realms/{self.realm}"
        return None


def read_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: A value is malformed; it is named, never shown.
    """
    try:
        return Settings()
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        name = "PROVENA_" + "_".join(map(str, problem["loc"])).upper()
        raise SettingsError(
            f"{name} is not usable: {problem['msg']}.", advice=f"Correct or unset {name}."
        ) from None


def _half_set(missing: list[str]) -> SettingsError:
    return SettingsError(
        "A Provena deployment is only half configured: " + ", ".join(missing) + " is missing.",
        advice="Set PROVENA_DOMAIN and PROVENA_REALM, or all six PROVENA_*_API addresses; "
        "or unset them all to use the embedded Provena.",
    )

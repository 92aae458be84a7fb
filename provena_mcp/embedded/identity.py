"""Who is calling, and what their realm roles allow (provena-http 1.3, 3.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from pydantic import JsonValue
from starlette.exceptions import HTTPException
from starlette.requests import Request

if TYPE_CHECKING:
    from provena_mcp.wire.items import RegistryItem

# "token" asks for any valid identity; the others are cumulative: writing needs reading too.
Access = Literal["token", "read", "write", "admin"]
Component = Literal["entity-registry", "job-service", "handle", "sys-admin"]

_NEEDED: Final[dict[Access, tuple[str, ...]]] = {
    "token": (),
    "read": ("read",),
    "write": ("read", "write"),
    "admin": ("read", "write", "admin"),
}
_COMPONENTS: Final[tuple[Component, ...]] = ("entity-registry", "job-service", "handle", "sys-admin")
_MISSING_ROLE: Final = "You are not authorised to access this resource as you don't have the correct role."


@dataclass(frozen=True, slots=True)
class User:
    """A caller as the services see one in a token."""

    username: str
    email: str | None = None
    roles: tuple[str, ...] = ()
    access_token: str = field(default="", repr=False)

    def may(self, access: Access, component: Component = "entity-registry") -> bool:
        """Whether the roles for this component include everything ``access`` needs."""
        return all(f"{component}-{role}" in self.roles for role in _NEEDED[access])


# The seam for other ways to know the caller; raise ``not_authenticated`` to refuse one.
Identify = Callable[[Request], User | Awaitable[User]]

LOCAL_USER: Final = User(
    username="local",
    email="local@example.org",
    roles=tuple(f"{component}-{role}" for component in _COMPONENTS for role in _NEEDED["admin"]),
)


def identify_local_user(request: Request) -> User:
    """Everyone who reaches a Provena on loopback or in process is its one local user."""
    del request
    return LOCAL_USER


def not_authenticated(detail: str = "Not authenticated") -> HTTPException:
    """The refusal of a caller without a valid token: 401 with a challenge."""
    return HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})


def require(user: User, access: Access, component: Component = "entity-registry") -> None:
    """Refuse a user who lacks a role.

    Raises:
        HTTPException: 401, which is what Provena says instead of 403 (provena-http B21).
    """
    if not user.may(access, component):
        raise not_authenticated(_MISSING_ROLE)


def may_write(item: RegistryItem, user: User) -> bool:
    """Whether the user may change the item: its owner and administrators may."""
    return item.owner_username == user.username or user.may("admin")


def general_roles(item: RegistryItem) -> list[JsonValue]:
    """What everyone who may read the registry may do with the item: read it."""
    return ["dataset-data-read", "metadata-read"] if item.item_subtype == "DATASET" else ["metadata-read"]


def roles_on(item: RegistryItem, user: User) -> list[JsonValue]:
    """The user's roles on the item as the registry lists them."""
    if not may_write(item, user):
        return general_roles(item)
    data: list[JsonValue] = ["dataset-data-write"] if item.item_subtype == "DATASET" else []
    return [*general_roles(item), *data, "metadata-write", "admin"]

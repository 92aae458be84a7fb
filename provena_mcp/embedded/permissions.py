"""What a user may do with one item (contract 1.3)."""

from __future__ import annotations

from pydantic import JsonValue

from provena_mcp.embedded.identity import User
from provena_mcp.wire.items import RegistryItem


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

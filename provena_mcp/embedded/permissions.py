"""What a user may do with one item (contract 1.3)."""

from __future__ import annotations

from pydantic import JsonValue

from provena_mcp.embedded.identity import User
from provena_mcp.wire.items import RegistryItem


def may_write(item: RegistryItem, user: User) -> bool:
    """Whether the user may change the item: its owner and administrators may."""
    return item.owner_username == user.username or user.may("admin")


def roles_on(item: RegistryItem, user: User) -> list[JsonValue]:
    """The user's roles on the item as the registry lists them; everyone who may read may read it."""
    is_dataset = item.item_subtype == "DATASET"
    read = ["dataset-data-read", "metadata-read"] if is_dataset else ["metadata-read"]
    if not may_write(item, user):
        return list[JsonValue](read)
    write = ["dataset-data-write", "metadata-write"] if is_dataset else ["metadata-write"]
    return list[JsonValue]([*read, *write, "admin"])

"""Items to be created: what a user gives of them, and the way to their handles."""

from typing import Any

from tests.worlds.sample import call

CURATION: dict[str, Any] = {"toolsets": "default,curation"}
PERSON = {"first_name": "Ada", "last_name": "Okafor", "email": "ada@example.org", "ethics_approved": True}
NOT_RELEVANT = {"relevant": False, "obtained": False}
DATASET = {
    "associations": {"organisation_id": "sample/1000002"},
    "approvals": {
        "ethics_registration": NOT_RELEVANT,
        "ethics_access": NOT_RELEVANT,
        "indigenous_knowledge": NOT_RELEVANT,
        "export_controls": NOT_RELEVANT,
    },
    "dataset_info": {
        "name": "Tide gauge 2024",
        "description": "Ten-minute levels.",
        "access_info": {"reposited": True},
        "publisher_id": "sample/1000002",
        "created_date": {"relevant": True, "value": "2024-05-01"},
        "published_date": {"relevant": False},
        "license": "https://creativecommons.org/licenses/by/4.0/",
    },
}
MODEL = {
    "name": "TideFit",
    "description": "Fits constituents.",
    "documentation_url": "https://example.org/docs",
    "source_url": "https://example.org/source",
}


async def created(client: Any, item_subtype: str, item: dict[str, Any]) -> str:
    """The handle of an item that is created over its preview."""
    shown = await call(client, "create_item", item_subtype=item_subtype, item=item)
    assert shown["ready"], shown
    done = await call(client, "create_item", reference=shown["reference"], confirm=True)
    assert done["status"] == "succeeded"
    return done["created"]["id"]

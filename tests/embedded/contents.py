"""Contents of registry items and datasets, and how they are created and lodged over HTTP."""

from __future__ import annotations

from typing import Any

from tests.embedded.routes import REGISTRY
from tests.embedded.services_client import ServicesClient
from tests.worlds.small import Json

PERSON: Json = {
    "display_name": "Ada Lovelace",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.org",
    "ethics_approved": True,
}
MODEL: Json = {
    "display_name": "Waves",
    "name": "Waves",
    "description": "A wave model",
    "documentation_url": "https://example.org/doc",
    "source_url": "https://example.org/src",
}
STUDY: Json = {"display_name": "Swell", "title": "Swell", "description": "Of swell"}


def a_dataset(organisation_id: str, **info: Any) -> Json:
    none = {"relevant": False, "obtained": False}
    return {
        "associations": {"organisation_id": organisation_id},
        "approvals": {
            "ethics_registration": none,
            "ethics_access": none,
            "indigenous_knowledge": none,
            "export_controls": none,
        },
        "dataset_info": {
            "name": "Wind",
            "description": "Wind speeds",
            "access_info": {"reposited": True},
            "publisher_id": organisation_id,
            "created_date": {"relevant": True, "value": "2024-05-01"},
            "published_date": {"relevant": False},
            "license": "https://creativecommons.org/licenses/by/4.0/",
            **info,
        },
    }


async def create(services: ServicesClient, route: str, content: Json) -> str:
    answer = (await services.post(f"{REGISTRY}/{route}/create", content)).json()
    assert answer["status"]["success"], answer
    return answer["created_item"]["id"]


async def lodged(services: ServicesClient, session_id: str) -> str:
    """The activity that a job registers, once its lodging job has finished too."""
    job = await services.job(session_id)
    await services.job(job["result"]["lodge_session_id"])
    result = job["result"]
    return result.get("creation_activity_id") or result["version_activity_id"]

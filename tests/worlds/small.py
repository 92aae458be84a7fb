"""A few registry items of our own: one model run with everything it refers to."""

from __future__ import annotations

from typing import Any

from tests.worlds.records import raw_record

Json = dict[str, Any]

CATEGORY = {
    "PERSON": "AGENT",
    "ORGANISATION": "AGENT",
    "STUDY": "ACTIVITY",
    "MODEL_RUN": "ACTIVITY",
    "CREATE": "ACTIVITY",
    "VERSION": "ACTIVITY",
}
SEED = {
    "id": "w/seed",
    "owner_username": "jane",
    "created_timestamp": 7,
    "updated_timestamp": 7,
    "item_category": "ACTIVITY",
    "item_subtype": "STUDY",
    "record_type": "SEED_ITEM",
}


def item(item_id: str, subtype: str, created: int, **domain: Any) -> Json:
    """A complete item; ``owner`` and ``display_name`` have defaults."""
    owner = domain.pop("owner", "jane")
    return {
        "display_name": f"{subtype.title()} {item_id}",
        **domain,
        "history": [],
        "id": item_id,
        "owner_username": owner,
        "created_timestamp": created,
        "updated_timestamp": created,
        "item_category": CATEGORY.get(subtype, "ENTITY"),
        "item_subtype": subtype,
        "record_type": "COMPLETE_ITEM",
    }


def person(item_id: str, created: int = 1, **domain: Any) -> Json:
    return item(
        item_id, "PERSON", created, first_name="Jane", last_name="Doe", email="j@example.org", **domain
    )


def model(item_id: str, created: int = 2, **domain: Any) -> Json:
    words = {"name": "Waves", "description": "A wave model"}
    urls = {"documentation_url": "https://example.org/doc", "source_url": "https://example.org/src"}
    return item(item_id, "MODEL", created, **(words | urls | domain))


def template(item_id: str, created: int = 3, **domain: Any) -> Json:
    return item(item_id, "DATASET_TEMPLATE", created, description="Files", **domain)


def workflow(item_id: str, software_id: str, created: int = 4, **domain: Any) -> Json:
    return item(item_id, "MODEL_RUN_WORKFLOW_TEMPLATE", created, software_id=software_id, **domain)


def dataset(item_id: str, created: int = 5, **domain: Any) -> Json:
    info = {"name": item_id, "description": "Some data", "keywords": ["waves", "swell"]}
    return item(item_id, "DATASET", created, collection_format={"dataset_info": info}, **domain)


def creation(item_id: str, created_item_id: str, created: int, **domain: Any) -> Json:
    return item(item_id, "CREATE", created, created_item_id=created_item_id, **domain)


def model_run(item_id: str, inputs: list[str], outputs: list[str], created: int, **domain: Any) -> Json:
    record = raw_record(
        workflow_template_id="w/wf",
        inputs=[{"dataset_template_id": "w/in", "dataset_id": used} for used in inputs],
        outputs=[{"dataset_template_id": "w/out", "dataset_id": made} for made in outputs],
        display_name=item_id,
        description="A run",
        associations={"modeller_id": "w/jane"},
        start_time=created,
        end_time=created + 1,
    )
    return item(
        item_id,
        "MODEL_RUN",
        created,
        record_status="LODGED",
        record=record,
        prov_serialisation="{}",
        **domain,
    )


def furniture() -> list[Json]:
    """What every run refers to."""
    return [
        person("w/jane"),
        model("w/model"),
        template("w/in"),
        template("w/out"),
        workflow("w/wf", "w/model"),
    ]


def small_world() -> list[Json]:
    """One run between two datasets, and the creation of its model."""
    return [
        *furniture(),
        dataset("w/a"),
        dataset("w/b"),
        creation("w/c-model", "w/model", 6),
        model_run("w/run", ["w/a"], ["w/b"], 10),
    ]


def chain(length: int) -> list[Json]:
    """Runs one after the other: ``w/d0`` is used to make ``w/d1``, and so on."""
    datasets = [dataset(f"w/d{place}", created=20 + place) for place in range(length + 1)]
    runs = [
        model_run(f"w/r{place}", [f"w/d{place}"], [f"w/d{place + 1}"], 100 + place) for place in range(length)
    ]
    return [*furniture(), *datasets, *runs]


def without(raw: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in keys}

"""Runs of one recipe, as many as a test wants, and datasets between them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from provena_mcp.settings import Settings
from tests.worlds.records import raw_record, templated
from tests.worlds.settings import settings_with


def item(item_id: str, subtype: str, category: str, **more: Any) -> dict[str, Any]:
    return {
        "id": item_id,
        "display_name": more.pop("title", item_id),
        "item_subtype": subtype,
        "item_category": category,
        "record_type": "COMPLETE_ITEM",
        "owner_username": "owner",
        "created_timestamp": 1_700_000_000,
        "updated_timestamp": 1_700_000_000,
    } | more


def a_dataset(item_id: str, release: str = "NOT_RELEASED", **more: Any) -> dict[str, Any]:
    return item(
        item_id,
        "DATASET",
        "ENTITY",
        collection_format={"dataset_info": {"name": item_id, "access_info": {"reposited": True}}},
        release_status=release,
        **more,
    )


def a_run(number: int, inputs: list[str], output: str, **more: Any) -> dict[str, Any]:
    record = raw_record(
        workflow_template_id="x/recipe",
        inputs=[templated("x/role", used) for used in inputs],
        outputs=[templated("x/role", output)],
        display_name="run",
        description="run",
        study_id=f"x/study-{number % 3}",
        associations={"modeller_id": f"x/person-{number % 7}", "requesting_organisation_id": "x/lab"},
        start_time=1,
        end_time=2,
    )
    return item(f"x/run-{number}", "MODEL_RUN", "ACTIVITY", record=record | more, record_status="LODGED")


def what_runs_share(name: Callable[[str], str] = str) -> list[dict[str, Any]]:
    """A recipe, its parts, seven people, a laboratory and three studies."""
    role = [{"template_id": "x/role"}]
    return [
        item("x/lab", "ORGANISATION", "AGENT", title=name("Lab")),
        item("x/model", "MODEL", "ENTITY", title=name("Model")),
        item("x/role", "DATASET_TEMPLATE", "ENTITY", title=name("Role")),
        item(
            "x/recipe",
            "MODEL_RUN_WORKFLOW_TEMPLATE",
            "ENTITY",
            title=name("Recipe"),
            software_id="x/model",
            input_templates=role,
            output_templates=role,
        ),
        *(
            item(f"x/person-{n}", "PERSON", "AGENT", title=name(f"Person {n}"), email=f"p{n}@example.org")
            for n in range(7)
        ),
        *(item(f"x/study-{n}", "STUDY", "ACTIVITY", title=name(f"Study {n}")) for n in range(3)),
    ]


def settings_over(folder: Path, items: list[dict[str, Any]]) -> Settings:
    store = Store(folder / "store.sqlite3")
    try:
        report = load_items(store, Source(tuple(items), {"owner": "x/person-0"}))
    finally:
        store.close()
    assert report.skipped == ()
    return settings_with(store=folder / "store.sqlite3")

"""A run that has nothing wrong, to be audited."""

from typing import Any

from provena_mcp.lineage.audit.audit import audit_run
from provena_mcp.lineage.audit.evidence import RunEvidence
from provena_mcp.lineage.audit.findings import Finding
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.provenance import assert_creation, assert_model_run
from provena_mcp.rules.records.references import Found, Outcome, Refused
from provena_mcp.wire.items import JsonObject, ModelRunItem, ModelRunRecord, parse_item
from tests.worlds.records import raw_record, templated

STARTED, ENDED, NOW = 1_700_000_000, 1_700_003_600, 1_800_000_000
DAY = 86_400
BY = "https://creativecommons.org/licenses/by/4.0/"


def item(item_id: str, subtype: str, category: str, **fields: Any) -> JsonObject:
    return {
        "id": item_id,
        "item_subtype": subtype,
        "item_category": category,
        "display_name": item_id,
        "created_timestamp": ENDED,
    } | fields


def dataset(item_id: str, **info: Any) -> JsonObject:
    stated = {"access_info": {"reposited": True}, "license": BY, "description": "Daily grids."}
    collection = {"dataset_info": stated | info}
    return item(item_id, "DATASET", "ENTITY", collection_format=collection, release_status="RELEASED")


def run(item_id: str, inputs: list[str], outputs: list[str], started: int, ended: int) -> JsonObject:
    record = raw_record(
        model_version="1.2",
        inputs=[templated("forcing", used, settings="a.yaml") for used in inputs],
        outputs=[templated("product", made) for made in outputs],
        annotations={"scenario": "hindcast"},
        display_name=item_id,
        associations={"modeller_id": "ada"},
        start_time=started,
        end_time=ended,
    )
    return item(item_id, "MODEL_RUN", "ACTIVITY", record=record, record_status="LODGED")


class World:
    """raw -earlier run-> input -run-> output, all in order: an audit finds only that raw has no maker."""

    def __init__(self) -> None:
        self.items: dict[str, Any] = {
            str(each["id"]): each
            for each in (
                run("run", ["input"], ["output"], STARTED, ENDED),
                run("earlier", ["raw"], ["input"], STARTED - 200, STARTED - 100),
                dataset("raw"),
                dataset("input"),
                dataset("output"),
                item("ada", "PERSON", "AGENT"),
                item(
                    "model",
                    "MODEL",
                    "ENTITY",
                    source_url="https://git.example.org/model",
                    description="Moves heat about.",
                ),
                item(
                    "forcing",
                    "DATASET_TEMPLATE",
                    "ENTITY",
                    deferred_resources=[{"key": "settings", "optional": False}],
                ),
                item("product", "DATASET_TEMPLATE", "ENTITY"),
                item(
                    "recipe",
                    "MODEL_RUN_WORKFLOW_TEMPLATE",
                    "ENTITY",
                    software_id="model",
                    input_templates=[{"template_id": "forcing", "optional": False}],
                    output_templates=[{"template_id": "product", "optional": False}],
                    annotations={"required": ["scenario"], "optional": []},
                ),
            )
        }
        self.refused: dict[str, Refused] = {}
        self.remade: dict[str, tuple[str, ...]] = {}
        self.incomplete_because: str | None = None
        self.not_in_graph: set[str] = set()

    def record(self, run_id: str = "run") -> Any:
        return self.items[run_id]["record"]

    def info(self, dataset_id: str) -> Any:
        return self.items[dataset_id]["collection_format"]["dataset_info"]

    def lose(self, item_id: str, kind: Any = "unknown") -> None:
        del self.items[item_id]
        self.refused[item_id] = Refused(kind, "gone")

    def replace(self, item_id: str) -> None:
        self.items[item_id]["versioning_info"] = {"version": 1, "next_version": f"{item_id}-2"}
        self.items[f"{item_id}-2"] = self.items[item_id] | {
            "id": f"{item_id}-2",
            "versioning_info": {"version": 2, "previous_version": item_id, "reason": "Corrected."},
        }

    def evidence(self) -> RunEvidence:
        known: dict[str, Outcome] = {id_: Found(parse_item(raw)) for id_, raw in self.items.items()}
        known |= self.refused
        runs = [
            raw
            for raw in self.items.values()
            if raw["item_subtype"] == "MODEL_RUN" and raw["id"] not in self.not_in_graph
        ]
        parts = [
            assert_model_run(raw["id"], ModelRunRecord.model_validate(raw["record"]), "model") for raw in runs
        ]
        graph = ProvenanceGraph().merged([*parts, assert_creation("create", "raw", "DATASET", "ada")])
        subject = parse_item(self.items["run"])
        assert isinstance(subject, ModelRunItem)
        return RunEvidence(subject, known, graph, self.remade, NOW, self.incomplete_because)

    def findings(self) -> list[Finding]:
        return list(audit_run(self.evidence()).findings)

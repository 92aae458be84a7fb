"""Every finding of an audit, each provoked by spoiling one thing in a run that has nothing wrong."""

from collections.abc import Callable
from typing import Any, get_args

import pytest

from provena_mcp.lineage.audit.audit import audit_run, merge_findings
from provena_mcp.lineage.audit.evidence import RunEvidence
from provena_mcp.lineage.audit.findings import MEANING, Code, Finding, is_current, verdict
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.provenance import assert_creation, assert_model_run, assert_version
from provena_mcp.rules.records.references import Found, Outcome, Refused
from provena_mcp.wire.items import JsonObject, ModelRunItem, ModelRunRecord, parse_item
from tests.worlds.records import raw_record, templated

STARTED, ENDED, NOW = 1_700_000_000, 1_700_003_600, 1_800_000_000
_DAY = 86_400
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


def spoil_version(world: World) -> None:
    world.record()["model_version"] = None


def spoil_source(world: World) -> None:
    world.items["model"]["source_url"] = None


def spoil_fit(world: World) -> None:
    world.record()["inputs"][0]["resources"]["colour"] = "blue"


def spoil_required_input(world: World) -> None:
    world.record()["inputs"] = []


def spoil_required_output(world: World) -> None:
    world.record()["outputs"] = []


def spoil_input_files(world: World) -> None:
    world.record()["inputs"][0]["resources"] = None


def spoil_output_files(world: World) -> None:
    world.items["product"]["deferred_resources"] = [{"key": "log"}]


def spoil_annotations(world: World) -> None:
    world.record()["annotations"] = None


def spoil_times(world: World) -> None:
    world.record().update(end_time=NOW + 1)


def spoil_lodging(world: World) -> None:
    world.items["run"]["record_status"] = "COMPLETE"
    world.not_in_graph.add("run")


def spoil_hosting(world: World) -> None:
    world.info("input")["access_info"] = {"reposited": False, "uri": "https://data.example.org/x"}


def spoil_address(world: World) -> None:
    world.info("input")["access_info"] = {"reposited": False}


def spoil_release(world: World) -> None:
    world.items["input"]["release_status"] = "PENDING"


def spoil_order(world: World) -> None:
    world.record("earlier").update(start_time=ENDED + 10, end_time=ENDED + 20)


def spoil_maker(world: World) -> None:
    world.items["another"] = run("another", ["raw"], ["input"], STARTED - 300, STARTED - 250)


def spoil_approval(world: World) -> None:
    approvals = {"ethics_access": {"relevant": True, "obtained": False}}
    world.items["input"]["collection_format"]["approvals"] = approvals


def spoil_use(world: World) -> None:
    world.info("input")["usage_limitations"] = "Not for sale."


def spoil_use_upstream(world: World) -> None:
    world.info("raw")["license"] = "https://creativecommons.org/licenses/by-nc/4.0/"


def spoil_licence(world: World) -> None:
    world.info("input")["license"] = None


def spoil_output(world: World) -> None:
    world.remade = {"output": ("later",)}


def spoil_optional_input(world: World) -> None:
    world.items["recipe"]["input_templates"].append({"template_id": "extra", "optional": True})
    world.items["extra"] = item("extra", "DATASET_TEMPLATE", "ENTITY")


def spoil_descriptions(world: World) -> None:
    world.record()["description"] = "-"
    world.info("input")["description"] = ""
    world.items["model"]["description"] = None


def spoil_storage(world: World) -> None:
    world.replace("input")
    for version, uri in (("input", "s3://store/input/"), ("input-2", "s3://store/input")):
        world.items[version] = world.items[version] | {"s3": {"s3_uri": uri}}


def spoil_registration(world: World) -> None:
    world.items["input"] |= {
        "versioning_info": {"version": 2, "previous_version": "input-1"},
        "created_timestamp": STARTED + _DAY,
    }


def spoil_cycle(world: World) -> None:
    world.record("earlier")["inputs"][0]["dataset_id"] = "output"


def spoil_reach(world: World) -> None:
    world.incomplete_because = "stopped at depth 20"


# What is spoilt, and then the finding, the items it concerns and what is seen there.
SPOILT: list[tuple[Callable[[World], None], Code, dict[str, str]]] = [
    (spoil_version, "model_version_missing", {"run": ""}),
    (spoil_source, "model_source_missing", {"model": ""}),
    (lambda world: world.lose("model"), "recipe_missing", {"model": "not in the registry"}),
    (lambda world: world.lose("forcing", "seed"), "recipe_missing", {"forcing": "only a reserved id"}),
    (lambda world: world.lose("recipe", "unreadable"), "recipe_unreadable", {"recipe": "may not be read"}),
    (
        lambda world: world.replace("recipe"),
        "recipe_superseded",
        {"recipe": "replaced by recipe-2 on 2023-11-14, after the run started: Corrected."},
    ),
    (
        spoil_fit,
        "template_mismatch",
        {"input": "The dataset template has no resource 'colour' for a run to fill."},
    ),
    (
        spoil_required_input,
        "required_input_missing",
        {"forcing": "An input for dataset template 'forcing' is required and none is given."},
    ),
    (
        spoil_required_output,
        "required_output_missing",
        {"product": "An output for dataset template 'product' is required and none is given."},
    ),
    (
        spoil_input_files,
        "input_files_missing",
        {"input": "A path is required for 'settings', which the dataset template leaves to each run."},
    ),
    (
        spoil_output_files,
        "output_files_missing",
        {"output": "A path is required for 'log', which the dataset template leaves to each run."},
    ),
    (
        spoil_annotations,
        "annotations_missing",
        {"run": "The workflow template requires annotations that are not given: 'scenario'."},
    ),
    (spoil_optional_input, "optional_input_left_out", {"extra": ""}),
    (
        spoil_descriptions,
        "description_missing",
        {"run": "only '-'", "input": "empty", "model": "empty"},
    ),
    (spoil_storage, "storage_shared", {"input": "with input-2 (version 2): s3://store/input"}),
    (
        spoil_registration,
        "version_registered_later",
        {
            "input": "version 2 was registered on 2023-11-15, the run started on 2023-11-14; "
            "the version before is input-1"
        },
    ),
    (
        spoil_times,
        "times_suspect",
        {"run": "it ends in the future; it was registered before it ended"},
    ),
    (spoil_lodging, "not_lodged", {"run": "status COMPLETE"}),
    (lambda world: world.lose("input"), "input_missing", {"input": "not in the registry"}),
    (lambda world: world.lose("input", "unreadable"), "input_unreadable", {"input": "may not be read"}),
    (spoil_hosting, "input_external", {"input": "https://data.example.org/x"}),
    (spoil_address, "input_address_missing", {"input": ""}),
    (spoil_release, "input_changeable", {"input": "PENDING"}),
    (
        lambda world: world.replace("input"),
        "input_superseded",
        {"input": "replaced by input-2 on 2023-11-14, after the run started: Corrected."},
    ),
    (spoil_order, "input_overwritten", {"input": "by earlier, which ended on 2023-11-14"}),
    (spoil_maker, "input_made_by_several", {"input": "another, earlier"}),
    (spoil_approval, "approval_missing", {"input": "ethics access"}),
    (spoil_use, "use_restricted", {"input": "limits: Not for sale."}),
    (spoil_licence, "licence_missing", {"input": "none stated"}),
    (lambda world: world.lose("output"), "output_missing", {"output": "not in the registry"}),
    (
        lambda world: world.replace("output"),
        "output_superseded",
        {"output": "replaced by output-2 on 2023-11-14, after the run started: Corrected."},
    ),
    (spoil_output, "output_remade", {"output": "also by later"}),
    (
        lambda world: world.replace("raw"),
        "upstream_superseded",
        {"raw": "replaced by raw-2 on 2023-11-14, after the run started: Corrected."},
    ),
    (
        spoil_use_upstream,
        "upstream_restricted",
        {"raw": "licence https://creativecommons.org/licenses/by-nc/4.0/"},
    ),
    (lambda world: world.lose("raw", "unreadable"), "upstream_unreadable", {"raw": "may not be read"}),
    (
        spoil_cycle,
        "lineage_cycle",
        {
            "earlier": "on a cycle with input, output, run",
            "input": "on a cycle with earlier, output, run",
            "output": "on a cycle with earlier, input, run",
            "run": "on a cycle with earlier, input, output",
        },
    ),
    (lambda _: None, "lineage_gap", {"raw": "registered by hand"}),
    (spoil_reach, "lineage_unchecked", {"run": "stopped at depth 20"}),
]


@pytest.mark.parametrize(("spoil", "code", "evidence"), SPOILT, ids=[code for _, code, _ in SPOILT])
def test_each_fault_is_found_where_it_is(
    spoil: Callable[[World], None], code: Code, evidence: dict[str, str]
) -> None:
    world = World()
    spoil(world)

    found = {finding.code: dict(finding.evidence) for finding in world.findings()}

    assert found[code] == evidence


def test_a_run_that_the_graph_holds_is_lodged_whatever_its_status_says() -> None:
    world = World()
    world.items["run"]["record_status"] = "COMPLETE"
    assert "not_lodged" not in {finding.code for finding in world.findings()}


@pytest.mark.parametrize(
    ("times", "others", "is_found"),
    [
        # The only maker: what it made is what was used, unless it began after the run had ended.
        ((STARTED - 50, STARTED + 1), [], False),
        ((STARTED, ENDED), [], False),
        ((ENDED, ENDED + 50), [], False),
        ((ENDED + 1, ENDED + 50), [], True),
        # A maker whose record states days.
        ((ENDED + 3_600, ENDED + 3_600), [], False),
        ((ENDED + 3_600, ENDED + 3_600 + _DAY), [], False),
        ((ENDED + _DAY, ENDED + 2 * _DAY), [], True),
        # One of two: whatever ended after the run began.
        ((STARTED - 50, STARTED - 1), [(STARTED - 300, STARTED - 250)], False),
        ((STARTED - 50, STARTED + 1), [(STARTED - 300, STARTED - 250)], True),
        ((STARTED - _DAY, STARTED), [(STARTED - 300, STARTED - 250)], False),
        ((STARTED, STARTED + _DAY), [(STARTED - 300, STARTED - 250)], True),
    ],
)
def test_an_input_is_made_again_by_another_or_a_later_maker_only(
    times: tuple[int, int], others: list[tuple[int, int]], *, is_found: bool
) -> None:
    world = World()
    world.record("earlier").update(start_time=times[0], end_time=times[1])
    for number, (started, ended) in enumerate(others):
        world.items[f"other-{number}"] = run(f"other-{number}", ["raw"], ["input"], started, ended)
    assert ("input_overwritten" in {finding.code for finding in world.findings()}) == is_found


@pytest.mark.parametrize(
    ("registered", "ended", "is_found"),
    [
        (STARTED, ENDED, False),
        (STARTED + 1, ENDED, True),
        # A record that states days does not tell which came first on that day.
        (STARTED + 3_600, STARTED + _DAY, False),
        (STARTED + _DAY, STARTED + _DAY, True),
    ],
)
def test_a_version_was_there_when_the_run_started_as_far_as_its_times_tell(
    registered: int, ended: int, *, is_found: bool
) -> None:
    world = World()
    spoil_registration(world)
    world.items["input"]["created_timestamp"] = registered
    world.record()["end_time"] = ended
    assert ("version_registered_later" in {finding.code for finding in world.findings()}) == is_found


def test_versions_in_places_of_their_own_share_none() -> None:
    world = World()
    spoil_storage(world)
    world.items["input-2"] = world.items["input-2"] | {"s3": {"s3_uri": "s3://store/input-2"}}
    assert "storage_shared" not in {finding.code for finding in world.findings()}


def test_a_new_version_that_no_run_made_is_a_gap_too() -> None:
    evidence = World().evidence()
    graph = evidence.upstream.merged([assert_version("version", "older", "raw", "DATASET", "ada")])
    audit = audit_run(RunEvidence(evidence.run, evidence.known, graph, {}, NOW))
    (gap,) = [finding for finding in audit.findings if finding.code == "lineage_gap"]
    assert gap.evidence == {"older": "", "raw": "registered as a new version"}


def test_every_code_has_a_fault_that_provokes_it_and_a_meaning() -> None:
    codes = set(get_args(Code))
    assert set(MEANING) == codes
    assert {code for _, code, _ in SPOILT} | {"study_without_runs"} == codes


def test_a_run_with_nothing_wrong_is_repeatable_and_current() -> None:
    audit = audit_run(World().evidence())

    assert [finding.code for finding in audit.findings] == ["lineage_gap"]
    assert (verdict(audit.findings), is_current(audit.findings)) == ("repeatable", True)
    assert {check.state for check in audit.checks} == {"ok", "info"}


def test_the_worst_comes_first() -> None:
    world = World()
    for spoil in (spoil_use, spoil_maker, spoil_version):
        spoil(world)

    audit = audit_run(world.evidence())

    assert [finding.severity for finding in audit.findings] == ["blocker", "warning", "info", "info"]
    assert verdict(audit.findings) == "not_repeatable"


def test_a_latest_version_two_steps_on_is_named() -> None:
    world = World()
    world.replace("input")
    world.replace("input-2")
    world.items["input-2"]["versioning_info"]["previous_version"] = "input"

    (finding,) = [found for found in world.findings() if found.code == "input_superseded"]

    assert finding.evidence["input"].startswith("replaced by input-2 on 2023-11-14, ")
    assert "; latest input-2-2" in finding.evidence["input"]


def test_data_that_was_not_followed_is_no_gap() -> None:
    world = World()
    world.record("earlier")["inputs"] = []
    world.incomplete_because = "stopped after 60 queries"
    evidence = world.evidence()
    unfollowed = ProvenanceGraph(
        evidence.upstream.nodes,
        tuple(link for link in evidence.upstream.links if link.source not in ("raw", "earlier", "input")),
    )

    audit = audit_run(RunEvidence(evidence.run, evidence.known, unfollowed, {}, NOW, "stopped"))

    assert "lineage_gap" not in {finding.code for finding in audit.findings}


def test_findings_of_several_runs_are_merged_by_code() -> None:
    first, second = World(), World()
    spoil_version(first)
    spoil_use(second)

    merged = merge_findings([audit_run(first.evidence()), audit_run(second.evidence())])

    assert [(finding.code, runs) for finding, runs in merged] == [
        ("model_version_missing", ("run",)),
        ("use_restricted", ("run",)),
        ("lineage_gap", ("run", "run")),
    ]

"""What spoils one thing in a run that has nothing wrong, and what an audit finds then."""

from collections.abc import Callable

from provena_mcp.lineage.audit.findings import Code
from tests.worlds.audited import DAY, ENDED, NOW, STARTED, World, item, run


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
        "created_timestamp": STARTED + DAY,
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

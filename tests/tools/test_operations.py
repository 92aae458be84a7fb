"""The table of the Provena client's operations says what there is."""

from pathlib import Path

from provena_mcp.tools.toolsets import ALL_TOOLS

ROOT = Path(__file__).parents[2]

# The public operations of provenaclient 0.29's ``prov`` module, ``admin`` included.
OPERATIONS = {
    "get_health_check",
    "update_model_run",
    "explore_upstream",
    "explore_downstream",
    "get_contributing_datasets",
    "get_effected_datasets",
    "get_contributing_agents",
    "get_effected_agents",
    "register_batch_model_runs",
    "register_model_run",
    "generate_csv_template",
    "convert_model_runs",
    "convert_model_runs_to_csv_with_file",
    "regenerate_csv_from_model_run_batch",
    "generate_report",
    "admin.generate_config_file",
    "admin.store_record",
    "admin.store_multiple_records",
    "admin.store_all_registry_records",
    "admin.delete_model_run_provenance",
    "admin.delete_model_run_provenance_and_registry",
}


def rows() -> list[list[str]]:
    lines = (ROOT / "docs" / "operations.md").read_text("utf-8").splitlines()
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| `")]


def test_every_operation_of_the_client_has_its_row():
    assert {row[0] for row in rows()} == OPERATIONS


def test_every_row_names_a_tool_its_toolset_and_a_test_that_calls_it():
    toolset_of = {tool.name: tool.toolset for tool in ALL_TOOLS}
    for _, tool, toolset, _, test, _ in rows():
        assert toolset_of[tool] == toolset
        assert f'"{tool}"' in (ROOT / test).read_text("utf-8"), (tool, test)


def test_every_tool_is_in_the_table_or_below_it():
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert [tool.name for tool in ALL_TOOLS if f"`{tool.name}`" not in text] == []

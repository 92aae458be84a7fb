"""Any arguments that a schema allows, and nearly any answer that a service may give: never a crash.

``PROVENA_FUZZ_CASES=10000`` runs as many cases; usually there are fewer. The seeds are fixed.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.types import CallToolResult

from tests.faults.sandbox import CASES, Mutation, Sandbox, fuzzed
from tests.worlds.sample import error_of

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover

CRASHES: Final = ("Internal", "Traceback", "failed inside the server", "pydantic", "KeyError", "TypeError")


@pytest.fixture(scope="module")
def sandbox():
    logging.disable(logging.CRITICAL)
    made = Sandbox()
    yield made
    made.close()
    logging.disable(logging.NOTSET)


def check(tool: str, arguments: object, result: CallToolResult) -> None:
    """What any result has to be: structured, or a failure we foresaw."""
    told = f"{tool} {json.dumps(arguments)[:2_000]} -> {result.content}"[:4_000]
    if not result.is_error:
        assert result.structured_content is not None, told
        return
    error = error_of(result)
    assert error["kind"] != "Internal", told
    assert not any(word in error["message"] for word in CRASHES), told


WORDS = st.sampled_from(
    [
        "sample/1000001",
        "sample/1000011",
        "sample/1000107",
        "hdl:sample/1000001",
        "https://hdl.handle.net/sample/1000001",
        "provena://item/sample/1000001",
        "provena://report/STUDY/1/sample/1000077",
        "reef",
        "MODEL_RUN",
        "",
        " ",
        "../../etc/passwd",
        "\x00",
        "x" * 5_000,
        "'; DROP TABLE items; --",
        "\u202eevil\u0301\U0001f40d",
        "2023-01-01 00:00:00+00:00",
        "NaN",
    ]
)
TEXT = WORDS | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def values_of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that ``schema`` allows, or nearly."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of([values_of(option) for option in options])
    kind = schema.get("type")
    if kind == "integer":
        return st.integers(schema.get("minimum", -5), schema.get("maximum", 200))
    if kind == "number":
        return st.floats(schema.get("minimum", -5), schema.get("maximum", 200))
    if kind == "boolean":
        return st.booleans()
    if kind == "array":
        return st.lists(values_of(schema.get("items", {})), max_size=schema.get("maxItems", 3))
    if kind == "object":
        return objects_of(schema)
    return TEXT if kind == "string" else ANYTHING


def objects_of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    known = {name: values_of(part) for name, part in schema.get("properties", {}).items()}
    required = {name: known[name] for name in schema.get("required", ()) if name in known}
    optional = {name: values for name, values in known.items() if name not in required}
    if not known:
        return st.dictionaries(TEXT, ANYTHING, max_size=3)
    return st.fixed_dictionaries(required, optional=optional)


@pytest.mark.slow
@fuzzed(CASES // 2)
@given(data=st.data())
def test_no_arguments_crash_a_tool(sandbox: Sandbox, data: st.DataObject):
    sandbox.change = None
    tool = data.draw(st.sampled_from(sorted(sandbox.tools)))
    arguments = data.draw(objects_of(sandbox.tools[tool]) | st.dictionaries(TEXT, ANYTHING, max_size=3))
    check(tool, arguments, sandbox.call(tool, arguments))


CALLS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("get_health_check", {}),
    ("explore_upstream", {"starting_id": "sample/1000120", "depth": 2}),
    ("explore_downstream", {"starting_id": "sample/1000011", "depth": 2}),
    ("get_contributing_datasets", {"starting_id": "sample/1000120"}),
    ("get_effected_agents", {"starting_id": "sample/1000013"}),
    ("find_lineage_path", {"from_id": "sample/1000120", "to_id": "sample/1000013"}),
    ("analyse_impact", {"item_id": "sample/1000013", "depth": 3, "contacts": True}),
    ("audit_reproducibility", {"item_id": "sample/1000119"}),
    ("search_items", {"query": "reef"}),
    ("fetch_items", {"ids": ["sample/1000001", "sample/1000120", "sample/1000077"]}),
    ("fetch_items", {"ids": ["sample/1000120"], "detail": "full"}),
    ("list_items", {"subtype": "MODEL_RUN", "limit": 5}),
    ("list_jobs", {}),
    ("get_job", {"session_id": "x"}),
    ("generate_csv_template", {"workflow_template_id": "sample/1000011"}),
    ("generate_report", {"id": "sample/1000077"}),
    ("open_document", {"uri": "provena://prov/json/sample/1000119"}),
    ("register_model_run", {"record": {"workflow_template_id": "sample/1000011", "display_name": "x"}}),
    ("link_model_run_to_study", {"model_run_id": "sample/1000119", "study_id": "sample/1000077"}),
    ("delete_model_run", {"model_run_id": "sample/1000119"}),
]


@pytest.mark.slow
@fuzzed(CASES - CASES // 2)
@given(number=st.integers(0, 2**32))
def test_no_answer_of_a_service_crashes_a_tool(sandbox: Sandbox, number: int):
    tool, arguments = CALLS[number % len(CALLS)]
    sandbox.change = Mutation(number)
    result = sandbox.call(tool, arguments)
    sandbox.change = None
    check(tool, [arguments, f"seed {number}"], result)


def test_every_tool_that_asks_provena_is_among_the_fuzzed(sandbox: Sandbox):
    assert set(Counter(tool for tool, _ in CALLS)) <= set(sandbox.tools)

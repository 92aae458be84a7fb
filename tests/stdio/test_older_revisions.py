"""Clients of older revisions get nothing that did not exist then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stdio.conversation import conversation

LINEAGE = {"name": "explore_upstream", "arguments": {"starting_id": "sample/1000041"}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("revision", "kinds"),
    [
        ("2024-11-05", ["text"]),
        ("2025-03-26", ["text"]),
        ("2025-06-18", ["text", "resource_link"]),
        ("2025-11-25", ["text", "resource_link"]),
    ],
)
def test_links_that_were_asked_for_are_in_results_since_the_revision_that_has_them(
    tmp_path: Path, revision: str, kinds: list[str]
):
    with conversation(tmp_path, revision=revision, PROVENA_RESOURCE_LINKS="true") as server:
        result = server.ask("tools/call", LINEAGE)["result"]
    assert [block["type"] for block in result["content"]] == kinds

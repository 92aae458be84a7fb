"""URIs of documents: whatever a handle holds comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.uri_template import UriTemplate

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.handles import (
    CITATION,
    CSV_TEMPLATE,
    DIAGRAM,
    DOSSIER,
    FIGURE,
    ITEM,
    LINEAGE,
    PACKED_CRATE,
    PICTURE,
    REPORT,
    citation_uri,
    csv_template_uri,
    diagram_uri,
    document_kind,
    dossier_uri,
    figure_uri,
    item_in,
    item_uri,
    lineage_uri,
    packed_crate_uri,
    parse_handle,
    picture_uri,
    report_uri,
)


def _is_handle(text: str) -> bool:
    try:
        return parse_handle(text) == text
    except ArgumentError:
        return False


HANDLES = st.text(min_size=1, max_size=40).filter(_is_handle) | st.sampled_from(
    ["10378.1/1900010", "10999.7/core:12", "a/b?c#d%41", "x/50%", "x/%2F", "1/ü-珊瑚", "a/b+c&d=e"]
)


@given(HANDLES, st.integers(1, 100))
def test_every_uri_that_is_built_gives_back_the_handle_it_was_built_from(handle: str, depth: int) -> None:
    built = {
        ITEM: (item_uri(handle), {"id": handle}),
        LINEAGE: (
            lineage_uri("upstream", handle, depth),
            {"query": "upstream", "id": handle, "depth": str(depth)},
        ),
        DIAGRAM: (
            diagram_uri("path", handle, depth, to=handle),
            {"query": "path", "id": handle, "to": handle, "depth": str(depth)},
        ),
        PICTURE: (
            picture_uri("path", handle, depth, to=handle),
            {"query": "path", "id": handle, "to": handle, "depth": str(depth)},
        ),
        FIGURE: (
            figure_uri("impact", handle, depth),
            {"query": "impact", "id": handle, "depth": str(depth)},
        ),
        PACKED_CRATE: (
            packed_crate_uri("run", handle, depth, "prov"),
            {"kind": "run", "id": handle, "depth": str(depth), "beside": "prov"},
        ),
        CITATION: (citation_uri("bibtex", handle), {"format": "bibtex", "id": handle}),
        DOSSIER: (dossier_uri(handle), {"id": handle}),
        CSV_TEMPLATE: (csv_template_uri(handle), {"workflow_template_id": handle}),
        REPORT: (
            report_uri("STUDY", depth, handle, "session-1"),
            {"item_subtype": "STUDY", "depth": str(depth), "id": handle, "session_id": "session-1"},
        ),
    }
    assert {template: UriTemplate.parse(template).match(uri) for template, (uri, _) in built.items()} == {
        template: variables for template, (_, variables) in built.items()
    }
    assert item_in(item_uri(handle)) == handle


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("provena://prov/json/x/1", "prov"),
        (REPORT, "report"),
        ("provena://item/x/1", "item"),
        ("https://prov/json/x/1", None),
    ],
)
def test_a_uri_or_template_names_its_kind_of_document(uri: str, kind: str | None) -> None:
    assert document_kind(uri) == kind


def test_no_other_module_builds_or_takes_apart_a_uri_of_ours() -> None:
    from pathlib import Path

    import provena_mcp

    root = Path(provena_mcp.__file__).parent
    own = root / "rules" / "py"
    # In prose a URI may be named; in code it is never put together from pieces.
    building = ('f"provena://', '"provena://" +', 'startswith("provena://')
    assert [
        f"{path.relative_to(root)}: {line.strip()}"
        for path in root.rglob("*.py")
        if path != own
        for line in path.read_text("utf-8").splitlines()
        if any(piece in line for piece in building)
    ] == []

"""Recognises a file given in place of another kind, by its first bytes and keys, for a helpful error."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Final, Literal, cast

FileFormat = Literal[
    "xlsx",
    "docx",
    "xls",
    "zip",
    "gzip",
    "pdf",
    "netcdf",
    "parquet",
    "html",
    "xml",
    "turtle",
    "prov_n",
    "ro_crate",
    "prov_json",
    "openlineage",
    "flowcept",
    "registry_dump",
    "registry_items",
    "model_run_record",
    "json",
]

NAMES: Final[Mapping[FileFormat, str]] = {
    "xlsx": "an Excel workbook (.xlsx)",
    "docx": "a Word document (.docx)",
    "xls": "a document of an older Office (.xls or .doc)",
    "zip": "a zip archive",
    "gzip": "a gzip archive",
    "pdf": "a PDF",
    "netcdf": "a NetCDF or HDF5 file",
    "parquet": "a Parquet file",
    "html": "a web page (HTML)",
    "xml": "an XML file",
    "turtle": "an RDF file (Turtle)",
    "prov_n": "a W3C PROV document (PROV-N)",
    "ro_crate": "an RO-Crate",
    "prov_json": "a W3C PROV document (PROV-JSON)",
    "openlineage": "a file of OpenLineage events",
    "flowcept": "a file of Flowcept tasks",
    "registry_dump": "a dump of Provena's registry",
    "registry_items": "a file of Provena registry items",
    "model_run_record": "a model run record (JSON)",
    "json": "a JSON file",
}
"""What each is called in a sentence: "This is …"."""

_MAGIC: Final[tuple[tuple[bytes, FileFormat], ...]] = (
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "pdf"),
    (b"\x89HDF", "netcdf"),
    (b"CDF\x01", "netcdf"),
    (b"CDF\x02", "netcdf"),
    (b"PAR1", "parquet"),
)
_FIRST_NAMES: Final = 64 * 1024
_LONGEST_JSON: Final = 64 * 1024 * 1024
_PROV_KEYS: Final = frozenset({"entity", "activity", "agent", "wasGeneratedBy", "used", "wasAssociatedWith"})


def recognise(content: bytes) -> FileFormat | None:
    """The format of a file; None for text that is none of them, such as a CSV.

    Nothing is unpacked: of an archive only the list of names is read, and of JSON at most 64 MiB.
    """
    for magic, found in _MAGIC:
        if content.startswith(magic):
            return found
    if content.startswith(b"PK\x03\x04"):
        return _of_archive(content)
    start = content[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    if start.startswith(b"<?xml"):
        return "xml"
    if start.startswith((b"@prefix ", b"@base ")):
        return "turtle"
    if re.match(rb"document\s+(default|prefix|bundle|entity|activity|agent)\b", start):
        return "prov_n"
    return _of_json(content) if start.startswith((b"{", b"[")) else None


def _of_archive(content: bytes) -> FileFormat:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        # Cut off, or pasted as text: its first names are readable all the same.
        names = [name for name in ("xl/", "word/") if name.encode() in content[:_FIRST_NAMES]]
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if any(name.startswith("word/") for name in names):
        return "docx"
    if any(name.rpartition("/")[2] == "ro-crate-metadata.json" for name in names):
        return "ro_crate"
    return "zip"


def _of_json(content: bytes) -> FileFormat | None:
    value = _first_json(content)
    if isinstance(value, dict):
        whole = cast("dict[str, object]", value)
        return _of_keys(_first_object(whole.get("items")) or whole)
    inner = _first_object(value)
    if inner is not None:
        return _of_keys(inner)
    return None if value is None else "json"


def _first_json(content: bytes) -> object:
    """The JSON value of a file, or that of its first line; None where neither is JSON."""
    for text in (content[:_LONGEST_JSON], content.split(b"\n", 1)[0][:_LONGEST_JSON]):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            continue
    return None


def _first_object(value: object) -> dict[str, object] | None:
    first = cast("list[object]", value)[0] if isinstance(value, list) and value else None
    return cast("dict[str, object]", first) if isinstance(first, dict) else None


def _of_keys(value: Mapping[str, object]) -> FileFormat:
    keys = value.keys()
    if "@graph" in keys and "ro/crate" in json.dumps(value.get("@context", "")):
        return "ro_crate"
    if "eventType" in keys and "run" in keys and "job" in keys:
        return "openlineage"
    if "item_payload" in keys:
        return "registry_dump"
    if "item_subtype" in keys or "item_category" in keys:
        return "registry_items"
    if "workflow_template_id" in keys and ("inputs" in keys or "associations" in keys):
        return "model_run_record"
    if "task_id" in keys and ("activity_id" in keys or "workflow_id" in keys):
        return "flowcept"
    if ("prefix" in keys and keys & _PROV_KEYS) or len(keys & _PROV_KEYS) > 1:
        return "prov_json"
    return "json"

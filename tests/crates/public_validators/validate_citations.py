"""Prints what others' software finds wrong with citation files, as JSON: file -> list of problems.

Runs in an environment of its own, without this project: ``cffconvert`` for CITATION.cff, ``bibtexparser`` for
BibTeX, ``datacite`` for DataCite's schema 4.5.
"""

# What it imports is installed elsewhere.
# pyright: reportMissingImports=false

import json
import sys
from pathlib import Path

import bibtexparser
from cffconvert.citation import Citation
from datacite import schema45


def of_cff(text):
    try:
        Citation(text).validate()
    except Exception as error:  # noqa: BLE001  # whatever it raises is what it says
        return [f"{type(error).__name__}: {error}"[:2_000]]
    return []


def of_bibtex(text):
    library = bibtexparser.parse_string(text)
    unread = [str(block.raw)[:500] for block in library.failed_blocks]
    return unread + ([] if len(library.entries) == text.count("@misc{") else ["entries are missing"])


def of_datacite(text):
    return [error.message[:500] for error in schema45.validator.iter_errors(json.loads(text))]


CHECKS = {".cff": of_cff, ".bib": of_bibtex, ".json": of_datacite}
found = {}
for name in sys.argv[1:]:
    path = Path(name)
    found[name] = CHECKS[path.suffix](path.read_text("utf-8"))
sys.stdout.write(json.dumps(found))

"""Prints what the public validator of RO-Crates says of crates, as JSON: folder -> list of issues.

Runs in an environment of its own, without this project. The validator asks the network for the contexts of
JSON-LD; where there is none, RO-Crate's comes from the library ``rocrate``, with what version 1.1 named
differently.
"""

# What it imports is installed elsewhere.
# pyright: reportMissingImports=false, reportMissingModuleSource=false
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

import json
import sys
from importlib.resources import files

import requests
import rocrate
from rocrate_validator import services
from rocrate_validator.models import Severity

_BIOSCHEMAS = "https://bioschemas.org/ComputationalWorkflow"
_RENAMED = {
    "ComputationalWorkflow": _BIOSCHEMAS,
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "input": f"{_BIOSCHEMAS}#input",
    "output": f"{_BIOSCHEMAS}#output",
}
_TERMS = "https://w3id.org/ro/terms/workflow-run#"
_RUN_TERMS = ("ParameterConnection", "connection", "sourceParameter", "targetParameter", "sha256")


class Kept:
    """A response without a request."""

    status_code = 200
    from_cache = False

    def __init__(self, context):
        self.headers = {"Content-Type": "application/ld+json"}
        self._document = {"@context": context}
        self.text = json.dumps(self._document)
        self.content = self.text.encode()

    def json(self):
        return self._document


def contexts():
    newer = json.loads(files(rocrate).joinpath("data/ro-crate.jsonld").read_text("utf-8"))["@context"]
    return {
        "https://w3id.org/ro/crate/1.1/context": Kept({**newer, **_RENAMED}),
        f"{_TERMS[:-1]}/context": Kept({name: _TERMS + name for name in _RUN_TERMS}),
    }


def main(folders):
    kept = contexts()
    asked = requests.Session.get
    requests.Session.get = lambda self, url, **options: kept.get(url) or asked(self, url, **options)
    found = {}
    for folder in folders:
        result = services.validate(
            services.ValidationSettings(
                rocrate_uri=folder,
                profile_identifier="provenance-run-crate",
                requirement_severity=Severity.RECOMMENDED,
                skip_availability_check=True,
                no_cache=True,
            )
        )
        found[folder] = [
            {
                "severity": issue.severity.name,
                "check": issue.check.identifier,
                "says": issue.message,
                "of": str(getattr(issue, "violatingEntity", "")),
            }
            for issue in result.get_issues(min_severity=Severity.RECOMMENDED)
        ]
    sys.stdout.write(json.dumps(found))


main(sys.argv[1:])

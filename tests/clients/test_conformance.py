"""The protocol's conformance suite passes, but for what is not offered.

Runs where PROVENA_INTEROP is set, because it installs the suite.
"""

from __future__ import annotations

import os
import sys

import pytest

from tests.clients.conformance import NOT_OFFERED, OF_THE_PRODUCT, REVISIONS, failures, run_suite, table
from tests.clients.environments import NotInstalledError

pytestmark = pytest.mark.skipif("PROVENA_INTEROP" not in os.environ, reason="PROVENA_INTEROP is not set")


@pytest.mark.slow
def test_the_conformance_suite_passes_in_both_revisions_but_for_what_is_not_offered():
    try:
        results = run_suite()
    except NotInstalledError as missing:
        pytest.skip(f"the conformance suite cannot be installed: {missing}")
    sys.stdout.write(table(results))
    assert failures(results) == {}
    seen = [scenario for scenarios in results.values() for scenario in scenarios.values()]
    assert {scenario.name for scenario in seen if scenario.passed} >= OF_THE_PRODUCT
    assert {scenario.name for scenario in seen} >= NOT_OFFERED.keys()
    assert all(len(results[revision, "fixture"]) > 30 for revision in REVISIONS)

"""Clients of other projects can use every part of this server.

Runs where PROVENA_INTEROP is set, because it installs them, each into an environment of its own.
"""

from __future__ import annotations

import os
import sys

import pytest

from tests.clients.matrix import table, try_clients

pytestmark = pytest.mark.skipif("PROVENA_INTEROP" not in os.environ, reason="PROVENA_INTEROP is not set")


@pytest.mark.slow
def test_clients_of_other_projects_list_convert_call_and_read():
    rows = try_clients()
    sys.stdout.write(table(rows))
    assert {row.name: row.failures for row in rows if row.failures} == {}
    missing = [f"{row.name}: {row.missing}" for row in rows if row.missing]
    if missing:
        pytest.skip(f"all others passed; these cannot be installed: {'; '.join(missing)}")

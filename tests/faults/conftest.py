"""What tests of faults share.

Connections that faults cut are closed by nobody: the collector does it here, where that is expected.
"""

import gc
import warnings
from collections.abc import Iterator

import pytest

from tests.faults.sandbox import Sandbox


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A server before the sample world, whose answers a test may spoil."""
    made = Sandbox()
    yield made
    made.close()

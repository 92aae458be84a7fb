"""How many examples properties are tried on, what is done once, what nobody closed, the OpenID provider.

The provider is started when the first test needs it, fresh for each; what it needs is imported then, so that
other tests do not wait for it.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import sqlite3
import sys
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from tests.oidc.protected import Protected
    from tests.oidc.realm import Realm

# Other examples in each run; pytest --hypothesis-profile=thorough tries 2,000 at once.
hypothesis.settings.register_profile("default", max_examples=100, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("default")


def check_each_schema_once() -> None:
    """Remember sound schemas: each session of the SDK's client checks those of the tools it calls anew.

    That takes longer than most calls, and the schemas of all sessions are the same. Neither the client nor
    jsonschema lets another say that a schema is sound, so what asks is replaced.
    """
    check = Draft202012Validator.check_schema
    sound: set[str] = set()

    def check_once(schema: Any, format_checker: Any = None) -> None:
        text = json.dumps(schema)
        if format_checker is not None:
            check(schema, format_checker)
        elif text not in sound:
            check(schema)
            sound.add(text)

    Draft202012Validator.check_schema = check_once


check_each_schema_once()


class Connection(sqlite3.Connection):
    """Warns where nobody closed it, as Python itself does from 3.13 on."""

    is_open = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.is_open = True

    def close(self) -> None:
        self.is_open = False
        super().close()

    def __del__(self) -> None:
        if self.is_open:
            self.close()
            warnings.warn(f"unclosed database in {self!r}", ResourceWarning, source=self, stacklevel=2)


# Replaced, for nothing else sees both ends: an audit hook hears of openings only, a reference does not tell
# at its end whether the connection was closed, and most are opened deep inside the servers that are tested.
if sys.version_info < (3, 13):
    sqlite3.connect = partial(sqlite3.connect, factory=Connection)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Of ``-n auto``: more workers than processors, as many tests wait for processes that they start."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else (os.cpu_count() or 1) * 3 // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each worker a share of what takes long, to run first.

    ``worksteal`` cuts the order into as many parts as there are workers: the short tests at the end of each
    fill what is left of the time, and workers end together.
    """
    slow = {item: item.path for item in items if item.get_closest_marker("slow")}
    short = iter([item for item in items if item not in slow])
    modules = list(dict.fromkeys(slow.values()))
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    length, longer = divmod(len(items), count)
    ordered: list[pytest.Item] = []
    for number in range(count):
        share = set(modules[number::count])
        ordered += (first := [item for item, module in slow.items() if module in share])
        ordered += itertools.islice(short, max(0, length + (number >= count - longer) - len(first)))
    items[:] = [*ordered, *short]


def pytest_collection_finish() -> None:
    """Keep the garbage collector from what is there to stay.

    A million objects are alive once all tests are imported. To walk them again and again was a fifth of what
    tests do in their own process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(scope="session")
def running_provider() -> Iterator[Realm]:
    """Skips where it cannot be had."""
    from tests.clients.environments import environments_folder
    from tests.oidc.realm import NoProviderError, running_realm

    try:
        with running_realm(environments_folder()) as realm:
            yield realm
    except NoProviderError as error:
        pytest.skip(f"no OpenID provider: {error}")


@pytest.fixture
def realm(running_provider: Realm) -> Realm:
    """A realm with nobody logged in, its clock at the real time."""
    running_provider.reset()
    return running_provider


@pytest.fixture
def protected(realm: Realm, tmp_path: Path) -> Iterator[Protected]:
    """The embedded Provena over HTTP, which asks for tokens of the realm."""
    from tests.oidc.protected import protected_provena

    with protected_provena(realm, tmp_path) as served:
        yield served

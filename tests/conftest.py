"""The OpenID provider of the tests: started when the first test needs it, fresh for each.

What it needs is imported when it is asked for, so that other tests do not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.oidc.protected import Protected
    from tests.oidc.realm import Realm


@pytest.fixture(scope="session")
def running_provider(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Realm]:
    """Skips where it cannot be had."""
    from tests.oidc.realm import NoProviderError, running_realm

    # Without pytest's cache (-p no:cacheprovider) the packages are installed for this run alone.
    cache: pytest.Cache | None = getattr(pytestconfig, "cache", None)
    folder = cache.mkdir("oidc-provider") if cache else tmp_path_factory.mktemp("oidc-provider")
    try:
        with running_realm(folder) as realm:
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

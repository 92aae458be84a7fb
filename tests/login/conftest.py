from __future__ import annotations

from pathlib import Path

import pytest

from tests.login.desks import Desk
from tests.oidc.protected import Protected


@pytest.fixture
def desk(protected: Protected, tmp_path: Path) -> Desk:
    return Desk(protected, tmp_path / "logins")

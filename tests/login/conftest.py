from __future__ import annotations

from pathlib import Path

import pytest

from tests.login.laptop import Laptop
from tests.oidc.protected import Protected


@pytest.fixture
def laptop(protected: Protected, tmp_path: Path) -> Laptop:
    return Laptop(protected, tmp_path / "logins")

"""``python -m tests.stranger``: walks, in a temporary folder, and says each step."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.stranger.walk import Walk

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="provena-stranger-") as folder:
        Walk(Path(folder)).walk()

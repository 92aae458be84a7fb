"""How fluid a picture is in Chromium while it is dragged, zoomed and pointed at.

Frames are measured by the clock, so on a busy machine they say little; beside them stands the processor time
that the page's main thread took for each. There is no GPU: what is drawn is drawn by the processor, too.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from benchmarks.measurement import Table
from tests.browser.installed import chromium, scripts
from tests.worlds.large_picture import large_page

# Two frames of a screen with sixty a second, and what a clock may be off.
AIM_MS = 34.0
SIZES = {500: "500 items", 5_000: "5,000 items, in groups"}
VIEWS = {"read": "readable", "whole": "all in view"}
GESTURES = {"pan": "dragged", "zoom": "zoomed", "point": "pointed at"}


def measure(table: Table, quick: bool) -> None:
    try:
        script, browser = scripts() / "frames.mjs", chromium()
    except pytest.skip.Exception as missing:
        table.note(f"picture: not measured, {missing}")
        return
    for items, size in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            page = large_page(Path(folder), items, "an ensemble")
            command = ["node", str(script), browser, str(page), "2" if quick else "8"]
            seen = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        for view, where in VIEWS.items():
            for gesture, how in GESTURES.items():
                frames = seen[view][gesture]
                table.within(f"{size}, {where}, {how}: median frame", frames["median"], AIM_MS, "ms")
                table.note(
                    f"worst of {frames['count']} frames {frames['worst']:.0f} ms; "
                    f"{frames['busy']:.1f} ms of processor time each"
                )

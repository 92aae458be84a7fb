"""The documented script runs as it is printed."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.client.provena_stand_in import LINEAGE, Loopback, endpoints, raw_answer

DOCUMENT = Path(__file__).parents[2] / "docs/client.md"


def item(item_id: str, name: str) -> dict[str, object]:
    raw = {"id": item_id, "item_category": "AGENT", "item_subtype": "PERSON", "display_name": name}
    return {"status": {"success": True, "details": ""}, "item": raw}


@pytest.mark.asyncio
async def test_the_documented_script_prints_a_lineage(tmp_path: Path):
    (script,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    answers = {"/explore/": LINEAGE, "%2F1 ": item("10378.1/1", "Run"), "%2F2 ": item("10378.1/2", "Result")}

    async def reply(writer: asyncio.StreamWriter) -> None:
        answer = next(answer for part, answer in answers.items() if part in server.heads[-1])
        writer.write(raw_answer(json.dumps(answer).encode()))

    server = Loopback(reply)
    async with server.serving():
        urls = endpoints(server.base).model_dump(exclude={"keycloak"})
        settings = {f"PROVENA_{name.upper()}_API": url for name, url in urls.items()}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PROVENA_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            script,
            env=environment | settings | {"PROVENA_ACCESS_TOKEN": "t0ken", "NO_PROXY": "127.0.0.1"},
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            out, err = await process.communicate()
    assert (out.decode(), err.decode(), process.returncode) == ("Result wasGeneratedBy Run\n", "", 0)
    assert all("Authorization: Bearer t0ken" in head for head in server.heads)

"""Secrets in what was recorded reach neither a draft nor the registry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.drafts import a_crate, toy
from tests.worlds.captured import capture
from tests.worlds.sample import call


@pytest.mark.asyncio
async def test_secrets_that_others_left_in_a_crate_do_not_reach_the_registry(tmp_path: Path):
    document = json.loads(
        a_crate(
            additionalProperty=[
                {
                    "@type": "PropertyValue",
                    "propertyID": "provena:command",
                    "name": "command",
                    "value": "bash -c 'mysql -phunter2' --password hunter2 --year 2020",
                },
                {"@type": "PropertyValue", "name": "DB_PASSWORD", "value": "hunter2"},
                {"@type": "PropertyValue", "name": "author", "value": "Ada"},
            ]
        )
    )
    software = next(each for each in document["@graph"] if each["@id"] == "heat.py")
    software["codeRepository"] = "https://kim:hunter2@example.org/heat.git"
    async with toy(tmp_path) as client:
        drafted = await call(client, "draft_model_runs", crate=json.dumps(document))
    assert "hunter2" not in json.dumps(drafted)
    run = drafted["runs"][0]["run"]
    command = "bash -c 'mysql -p[masked]' --password [masked] --year 2020"
    assert run["description"] == f"Ran: {command}"
    assert {key: value for key, value in run["annotations"].items() if not key.startswith("sha256:")} == {
        "DB_PASSWORD": "[masked]",
        "author": "Ada",
        "provena.program": "heat.py",
        "provena.command": command,
        "provena.commit": "a" * 40,
        "provena.repository": "https://[masked]@example.org/heat.git",
        "provena.recorded-as": run["annotations"]["provena.recorded-as"],
    }
    model = next(each["item"] for each in drafted["to_create"] if each["name"] == "MODEL heat.py")
    assert model["source_url"] == "https://example.org/heat.git"


@pytest.mark.asyncio
async def test_secrets_that_another_program_wrote_down_are_not_drafted(tmp_path: Path):
    from provena_mcp.recording.captured import Repository

    capture(
        tmp_path / "captures",
        "1",
        "flow.py",
        command=("sudo", "mysql", "-phunter2", "--password=my secret phrase"),
        repositories=(Repository("/toy", commit="c" * 40, remote="https://u:p/w@example.org/x.git"),),
    )
    async with toy(tmp_path) as client:
        drafted = await call(client, "draft_model_runs", capture="1")
    run = drafted["runs"][0]["run"]
    assert run["description"] == "Ran: sudo mysql -p[masked] --password=[masked]"
    assert run["annotations"]["provena.command"] == "sudo mysql -p[masked] --password=[masked]"
    assert run["annotations"]["provena.repository"] == "https://[masked]@example.org/x.git"

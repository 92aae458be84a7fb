"""The services' settings, no secret in any result."""

import json
from pathlib import Path

import httpx
import pytest

from provena_mcp.commands.generate_config import mask_config
from tests.recordings.recorded import RECORDINGS, read_exchanges
from tests.tools.administration import ADMIN
from tests.worlds.deployment import Send, provena, server
from tests.worlds.sample import BOTH_ERAS, call

CONFIG = "/prov-api/admin/config"
SETTINGS = """\
domain_base=rig.test
keycloak_endpoint=https://auth.example.org/auth/realms/rig
service_account_secret_arn=arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:prov-api-svc-QAeOjr
neo4j_host=graph.example.org
neo4j_test_password=rigpass
user_key_id=7af8957f-2150-4010-8836-8af1025646ed
sentry_dsn=
queue_url=https://joe:secret@queue.example.org/
signing_certificate=-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7
-----END PRIVATE KEY-----
stage=DEV"""
MASKED = """\
domain_base=rig.test
keycloak_endpoint=https://auth.example.org/auth/realms/rig
service_account_secret_arn=[hidden]
neo4j_host=graph.example.org
neo4j_test_password=[hidden]
user_key_id=[hidden]
sentry_dsn=
queue_url=[hidden]
signing_certificate=[hidden]
[hidden]
[hidden]
stage=DEV"""


def test_whatever_is_or_looks_like_a_secret_is_hidden():
    masked = mask_config(SETTINGS)
    assert masked.text == MASKED
    assert masked.hidden == (
        "service_account_secret_arn",
        "neo4j_test_password",
        "user_key_id",
        "queue_url",
        "signing_certificate",
    )


def test_of_recorded_settings_the_secrets_and_only_they_are_hidden():
    exchanges = read_exchanges(RECORDINGS / "prov.jsonl")
    (text,) = [each["response"]["text"] for each in exchanges if each["name"] == "prov_admin_config_all"]
    masked = mask_config(text)
    assert masked.hidden == ("service_account_secret_arn", "neo4j_test_password", "user_key_id")
    shown = set(masked.text.splitlines())
    assert {line.partition("=")[0] for line in set(text.splitlines()) - shown} == set(masked.hidden)


@BOTH_ERAS
@pytest.mark.asyncio
async def test_settings_are_shown_without_secrets_and_saved_whole_only_when_confirmed(
    tmp_path: Path, era: str
):
    async def settings(request: httpx.Request, send: Send) -> httpx.Response:
        del request, send
        return httpx.Response(200, text=SETTINGS)

    saved = tmp_path / "saved"
    async with provena(tmp_path) as wire, server(wire, era, output_dir=str(saved), **ADMIN) as client:
        wire.spoilt[CONFIG] = settings
        shown = await call(client, "generate_config_file", save_as="config.txt")
        nothing_yet = saved.exists()
        done = await call(client, "generate_config_file", save_as="config.txt", confirm=True)
    assert (shown["config"], nothing_yet) == (MASKED, False)
    assert "saved_to" not in shown
    assert (done["config"], done["saved_to"]) == (MASKED, str(saved / "config.txt"))
    assert (saved / "config.txt").read_text() == SETTINGS
    assert "rigpass" not in json.dumps([shown, done])

"""What may come in through the doors of the embedded Provena: from which page, and which JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.embedded.standing import count_items
from provena_mcp.embedded.store import Store
from tests.embedded.conftest import Http, load_into
from tests.embedded.pages import serving_page
from tests.embedded.routes import GENERAL
from tests.embedded.server_process import free_port, serving
from tests.embedded.services_client import running_services
from tests.worlds.small import Json
from tests.worlds.writable import a_record, writable_world

CREATE = "/registry-api/registry/activity/study/create"
STUDY = {"display_name": "From a page", "title": "From a page", "description": "x"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """``local serve`` in a process of its own: its address and its store."""
    path = tmp_path_factory.mktemp("served") / "store.sqlite3"
    load_into(path, writable_world())
    port = free_port()
    with serving(path, port):
        yield f"http://127.0.0.1:{port}", path


def _count(path: Path) -> int:
    store = Store.existing(path)
    with store.read() as connection:
        count = count_items(connection)
    store.close()
    return count


@pytest.mark.slow
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example.org"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "of-tomorrow"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_request_of_a_foreign_page_is_refused(
    served: tuple[str, Path], method: str, headers: dict[str, str]
) -> None:
    address, path = served
    before = _count(path)
    answers = [
        httpx.request(method, f"{address}{place}", json=STUDY, headers=headers)
        for place in (CREATE, *BASE_PATHS.values())
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert {answer.text for answer in answers} == {
        '{"detail":"Requests from pages of other sites are refused."}'
    }
    assert _count(path) == before


@pytest.mark.parametrize(
    ("name", "own", "foreign"),
    [("origin", None, "https://elsewhere.example.org"), ("sec-fetch-site", "same-origin", "cross-site")],
)
def test_a_header_that_comes_twice_has_to_be_right_twice(
    served: tuple[str, Path], name: str, own: str | None, foreign: str
) -> None:
    address, _ = served
    own = own or address
    answers = [
        httpx.get(f"{address}/prov-api/", headers=[(name, first), (name, second)]).status_code
        for first, second in ((own, own), (own, foreign), (foreign, own))
    ]
    assert answers == [200, 403, 403]


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin"}])
def test_programs_and_a_users_own_navigation_are_let_in(
    served: tuple[str, Path], headers: dict[str, str]
) -> None:
    assert httpx.get(f"{served[0]}/prov-api/", headers=headers).status_code == 200


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="NOT TRIED IN A BROWSER: install chromium")
def test_a_page_open_in_chromium_cannot_write(served: tuple[str, Path], tmp_path: Path) -> None:
    address, path = served
    before = _count(path)
    with serving_page(_ATTACK.replace("ADDRESS", address).replace("BODY", json.dumps(STUDY))) as page:
        command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        shown = subprocess.run(
            [*command, f"--user-data-dir={tmp_path}", "--virtual-time-budget=15000", "--dump-dom", page],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
    # All were sent, as far as the page can tell.
    assert "sent: blob text form query" in shown
    assert _count(path) == before


_ATTACK = """<!DOCTYPE html><body><p id="log">sent:</p>
<iframe name="sink"></iframe>
<form id="form" method="post" target="sink" enctype="text/plain"><input name='BODY' value=''></form>
<script>
const log = document.getElementById("log"), form = document.getElementById("form");
const create = "ADDRESS/registry-api/registry/activity/study/create";
const link = "ADDRESS/prov-api/model_run/edit/link_to_study?model_run_id=w/run&study_id=w/study";
const send = (url, options) => fetch(url, {mode: "no-cors", method: "POST", ...options});
(async () => {
  await send(create, {body: new Blob(['BODY'])}); log.append(" blob");
  await send(create, {body: 'BODY'}); log.append(" text");
  form.action = create; form.submit(); log.append(" form");
  await send(link, {}); log.append(" query");
})();
</script></body>"""

UNFIT: list[tuple[str, list[Any], str]] = [
    ("9" * 5_000, ["body", "start_time"], "a number is out of range"),
    ("1" + "0" * 30, ["body", "start_time"], "a number is out of range"),
    ("-1e999", ["body", "start_time"], "a number is out of range"),
    ("NaN", ["body", "start_time"], "a number is out of range"),
    ("Infinity", ["body", "start_time"], "a number is out of range"),
    ('"\\ud83d"', ["body", "start_time"], "it holds text that is not Unicode (a lone surrogate)"),
    ('"a\\u0000b"', ["body", "start_time"], "it holds the character U+0000 (NUL)"),
    ('{"a\\u0000b": 1}', ["body", "start_time", "key"], "it holds the character U+0000 (NUL)"),
    ("[" * 300 + "]" * 300, ["body", "start_time", 0, 0], "nested too deeply"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("value", "loc", "msg"), UNFIT, ids=lambda value: str(value)[:12])
async def test_values_that_no_answer_could_hold_are_refused_at_every_door(
    store: Store, value: str, loc: list[Any], msg: str
) -> None:
    body = json.dumps(a_record()).replace("1577836800", value)
    headers = {"content-type": "application/json"}
    async with running_services(store) as services:
        answers = [
            await services.client.request(method, path, content=body, headers=headers)
            for method, path in (
                ("POST", "/prov-api/model_run/register"),
                ("POST", "/registry-api/registry/general/list"),
                ("POST", "/registry-api/registry/agent/person/create"),
                ("PUT", "/registry-api/registry/entity/model/update?id=w/model&reason=r"),
                ("POST", "/data-api/register/mint-dataset"),
                ("POST", "/job-api/jobs/user/list"),
            )
        ]
    assert {answer.status_code for answer in answers} == {422}
    assert [answer.json()["detail"] for answer in answers] == [
        [{"loc": loc[:4], "msg": msg, "type": "value_error"}]
    ] * len(answers)


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [b'{"page_size": 1' + b"\xed\xa0\x80" + b"}", b"\xff", b"[" * 100_000])
async def test_bytes_that_are_no_text_are_refused(store: Store, body: bytes) -> None:
    async with running_services(store) as services:
        answer = await services.client.post(
            "/registry-api/registry/general/list", content=body, headers={"content-type": "application/json"}
        )
    assert (answer.status_code, answer.json()) == (
        422,
        {"detail": [{"loc": ["body"], "msg": "There was an error parsing the body", "type": "value_error"}]},
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/search/search/entity-registry", {"query": "waves", "record_limit": "9" * 5_000}),
        ("/prov-api/explore/upstream", {"starting_id": "w/a", "depth": "9" * 5_000}),
        ("/registry-api/registry/entity/model/fetch", {"id": "w/a", "seed_allowed": "9" * 5_000}),
    ],
)
async def test_numbers_too_long_in_an_address_are_refused(store: Store, path: str, params: Json) -> None:
    async with running_services(store) as services:
        answer = await services.get(path, **params)
    assert (answer.status_code, answer.json()["detail"][0]["loc"][0]) == (422, "query")


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [10**30, 2**63])
async def test_a_page_size_out_of_range_is_refused_and_a_large_one_answered(store: Store, size: int) -> None:
    async with running_services(store) as services:
        refused = await services.post("/registry-api/registry/general/list", {"page_size": size})
        answered = await services.post("/registry-api/registry/general/list", {"page_size": 2**63 - 1})
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "page_size"])
    assert [raw["id"] for raw in answered.json()["items"]] == ["local/1000000"]


@pytest.mark.asyncio
async def test_bodies_that_are_no_json_are_refused_as_the_services_do(http: Http) -> None:
    async with http() as client:
        broken = await client.post(
            f"{GENERAL}/list", content="{not json", headers={"content-type": "application/json"}
        )
        missing = await client.post(f"{GENERAL}/list")
        null = await client.post(
            f"{GENERAL}/list", content=b"null", headers={"content-type": "application/json"}
        )
        form = await client.post(f"{GENERAL}/list", content="{}", headers={"content-type": "text/plain"})
        undeclared = await client.post(f"{GENERAL}/list", content=b"{}")
    assert broken.json() == {
        "detail": [
            {
                "loc": ["body", 1],
                "msg": "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                "type": "value_error.jsondecode",
                "ctx": {
                    "msg": "Expecting property name enclosed in double quotes",
                    "doc": "{not json",
                    "pos": 1,
                    "lineno": 1,
                    "colno": 2,
                },
            }
        ]
    }
    absent = {"detail": [{"loc": ["body"], "msg": "field required", "type": "value_error.missing"}]}
    assert (missing.json(), null.json()) == (absent, absent)
    no_dict = {"detail": [{"loc": ["body"], "msg": "value is not a valid dict", "type": "type_error.dict"}]}
    assert (form.json(), undeclared.json()) == (no_dict, no_dict)

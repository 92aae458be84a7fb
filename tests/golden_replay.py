"""Playing a story of recorded exchanges through a client, and what differs."""

from __future__ import annotations

import asyncio
import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx

from tests.golden_stories import Story
from tests.recordings.recorded import Exchange

Json = Any

_BASE_PATHS = {"prov": "/prov-api", "registry": "/registry-api", "job": "/job-api", "auth": "/auth-api"}
_MADE_UP = frozenset(
    {
        "session_id",
        "batch_id",
        "id",
        "new_version_id",
        "version_job_session_id",
        "register_create_activity_session_id",
        "creation_activity_id",
        "lodge_session_id",
    }
)
_UNORDERED = frozenset({"graph", "diff"})
_TIMES = frozenset({"created_timestamp", "updated_timestamp", "timestamp"})
_FINISHED = frozenset({"SUCCEEDED", "FAILED"})
_PATIENCE = 30.0
_ALL_JOBS: Json = {
    "service": "job",
    "method": "POST",
    "path": "/jobs/admin/list",
    "params": {},
    "json": {"limit": 1000},
}


class Playing:
    """A story being played through one client."""

    def __init__(self, story: Story, client: httpx.AsyncClient, goldens: Path) -> None:
        self._story = story
        self._client = client
        self._goldens = goldens
        self._stand_ins: dict[str, str] = {}
        self._sessions: dict[str, tuple[str, str]] = {}

    async def play(self, exchange: Exchange) -> str | None:
        """Repeat one exchange; what differs."""
        name, recorded = exchange["name"], exchange["response"]
        await self._adopt_batch(exchange)
        if "/explore/" in exchange["request"]["path"]:
            await self._finished({**_ALL_JOBS, "as_user": exchange["request"]["as_user"]})
        request = self._standing_in(exchange["request"])
        answer = await self._finished(request)
        if answer.status_code != recorded["status"]:
            return f"recorded {recorded['status']}, answered {answer.status_code} {answer.text[:300]}"
        for header in ("www-authenticate", "content-type", "content-disposition"):
            if answer.headers.get(header) != recorded["headers"].get(header):
                return f"{header} is {answer.headers.get(header)!r}"
        if "json" not in recorded:
            return _difference(_masked(recorded["text"]), _masked(answer.text))
        self._learn(recorded["json"], answer.json())
        if isinstance(answer.json(), dict) and "session_id" in answer.json():
            self._sessions[name] = (answer.json()["session_id"], request["as_user"])
        difference = _difference(_settled(self._standing_in(recorded["json"])), _settled(answer.json()))
        return difference or await self._report_difference(name, answer.json())

    async def _finished(self, request: Json) -> httpx.Response:
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while True:
            answer = await self._client.request(**_sent(request))
            if "/jobs/" not in request["path"] or answer.status_code != 200 or _is_settled(answer.json()):
                return answer
            assert asyncio.get_running_loop().time() < deadline, "a job does not finish"
            await asyncio.sleep(0.005)

    async def _adopt_batch(self, exchange: Exchange) -> None:
        maker = self._story.batches.get(exchange["name"])
        if maker is None:
            return
        session_id, user = self._sessions[maker]
        fetch = {"service": "job", "method": "GET", "path": "/jobs/user/fetch", "as_user": user}
        job = await self._finished({**fetch, "params": {"session_id": session_id}})
        batch_id = job.json()["job"]["result"]["batch_id"]
        listed = {"service": "job", "method": "POST", "path": "/jobs/user/list_batch", "as_user": user}
        await self._finished({**listed, "params": {}, "json": {"batch_id": batch_id, "limit": 50}})
        self._stand_ins[exchange["request"]["params"]["batch_id"]] = batch_id

    def _learn(self, recorded: Json, answered: Json) -> None:
        if isinstance(recorded, dict) and isinstance(answered, dict):
            for key, value in recorded.items():
                other = answered.get(key)
                if key in _MADE_UP and isinstance(value, str) and isinstance(other, str):
                    self._stand_ins.setdefault(value, other)
                if key not in _UNORDERED:
                    self._learn(value, other)
        elif isinstance(recorded, list) and isinstance(answered, list):
            for value, other in zip(recorded, answered, strict=False):
                self._learn(value, other)

    def _standing_in(self, value: Json) -> Json:
        text = json.dumps(value)
        for recorded, ours in self._stand_ins.items():
            text = text.replace(recorded, ours)
        return json.loads(text)

    async def _report_difference(self, name: str, answered: Json) -> str | None:
        file = self._goldens / f"{name.removeprefix('prov_').removesuffix('_job')}.docx"
        if not file.is_file() or "job" not in answered or "study" in name:
            # The recorded study had runs by then that have no recording.
            return None
        document = await self._client.get(answered["job"]["result"]["report_url"])
        return _difference(_text_of(file.read_bytes()), _text_of(document.content))


def _sent(request: Json) -> dict[str, Json]:
    headers = {"x-recorded-user": request["as_user"]} if request["as_user"] else {}
    sent: dict[str, Json] = {
        "method": request["method"],
        "url": _BASE_PATHS[request["service"]] + request["path"],
        "params": request["params"],
        "headers": headers,
    }
    if "body" in request:
        return {**sent, "content": request["body"], "headers": headers | request["headers"]}
    if "multipart" in request:
        parts = request["multipart"].items()
        return {
            **sent,
            "files": {
                name: (part["filename"], part["content"], part["content_type"]) for name, part in parts
            },
        }
    return {**sent, "json": request["json"]} if "json" in request else sent


def _is_settled(body: Json) -> bool:
    listed = [body["job"]] if "job" in body else body.get("jobs", [])
    return all(job["status"] in _FINISHED for job in listed)


def _settled(value: Json) -> Json:
    """The body without what differs each time: times, signatures, and the order of graphs and of diffs."""
    if isinstance(value, list):
        return [_settled(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    settled = {key: _settled(entry) for key, entry in value.items() if key != "user_info"}
    for key in settled:
        if key in _TIMES:
            settled[key] = 0
        elif key in ("prov_json", "prov_serialisation"):
            settled[key] = _prov(settled[key])
        elif key == "report_url":
            settled[key] = bool(settled[key])
        elif key in ("nodes", "links"):
            settled[key] = sorted(map(_sortable, settled[key]))
        elif key == "diff":
            settled[key] = sorted(map(_action, settled[key]))
        elif key == "details":
            settled[key] = re.sub(r"all \d+ provenance", "all provenance", settled[key])
    return settled


def _prov(text: str) -> Json:
    document = json.loads(text)
    return {
        key: sorted(map(_sortable, part.values())) if key != "prefix" else part
        for key, part in document.items()
    }


def _action(action: Json) -> str:
    link = action.get("link")
    ends = link and [link["source"]["id"], link["relation"], link["target"]["id"]]
    return _sortable([action["action_type"], action.get("node_id"), action.get("record_id"), ends])


def _sortable(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def _masked(text: str) -> str:
    """A CSV or a config without the ids that were made up."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>", text)
    return re.sub(r"SUCCEEDED,[^,]+,", "SUCCEEDED,<run>,", text)


def _text_of(document: bytes) -> str:
    return ZipFile(BytesIO(document)).read("word/document.xml").decode()


def _difference(recorded: Json, answered: Json) -> str | None:
    if recorded == answered:
        return None
    return f"recorded {_short(recorded)}, answered {_short(answered)}"


def _short(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) < 600 else f"{text[:600]}…"

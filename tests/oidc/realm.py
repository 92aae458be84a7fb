"""Drives ``realm.mjs``: an OpenID provider in Keycloak's URL layout, and a person with a browser."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import httpx

FILES = ("package.json", "package-lock.json", "realm.mjs")
HERE = Path(__file__).parent

# In realm.mjs; the tests grep for them where no secret may be.
AUTOMATION_SECRET = "automation-secret-not-to-be-shown"
EXCHANGE_SECRET = "exchange-secret-not-to-be-shown"
# What its client for MCP hosts gets tokens for.
MCP_SERVER = "http://127.0.0.1/mcp"
OPENID = "/protocol/openid-connect"


class NoProviderError(Exception):
    """Node, npm or the packages cannot be had here."""


class Realm:
    """A running realm whose clock, keys and manners the tests set."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.offset = 0.0
        self._http = httpx.Client(base_url=issuer.partition("/auth/")[0], timeout=10, trust_env=False)

    def clock(self) -> float:
        """The realm's time, in Unix seconds: give it to whatever the test builds."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        self._ask("advance", seconds=seconds)
        self.offset += seconds

    async def sleep(self, seconds: float) -> None:
        """Pass the time without waiting: the ``sleep`` of whatever the test builds."""
        self.advance(seconds)

    def change(self, **settings: bool | int | str) -> None:
        """``rotateRefreshTokens``, ``refreshTokenSeconds``, ``pollSeconds``, ``down``, ``mcpServer``."""
        self._ask("settings", **settings)

    def rotate_keys(self, *, retire: bool = False) -> None:
        """Sign with a new key; ``retire`` also stops publishing the old ones."""
        self._ask("rotate-keys", retire=retire)

    def reset(self) -> None:
        self._ask("reset")
        self.offset = 0.0

    def requests(self, grant_type: str | None = None) -> list[dict[str, str]]:
        """Forms posted since the last reset, with their ``path`` below the realm's OpenID root."""
        asked = self._ask("requests")["requests"]
        return [form for form in asked if grant_type is None or form.get("grant_type") == grant_type]

    def person(self, username: str) -> Person:
        return Person(username)

    def close(self) -> None:
        self._http.close()

    def _ask(self, command: str, **given: object):
        return self._http.post(f"/__{command}", json=given).raise_for_status().json()


class Person:
    """Somebody with a browser: opens the address of a device login and presses the buttons."""

    def __init__(self, username: str) -> None:
        self.username = username

    def approve(self, url: str) -> str:
        """Confirm the code and log in; the text of the last page."""
        return self._walk(url)

    def deny(self, url: str) -> str:
        """Press "Abort" where the code is to be confirmed."""
        return self._walk(url, abort=True)

    def _walk(self, url: str, *, abort: bool = False) -> str:
        with httpx.Client(follow_redirects=True, timeout=10, trust_env=False) as browser:
            page = browser.get(url)
            for _ in range(10):
                form = _Form.on(page)
                if form is None:
                    return page.text
                fields = form.fields | {"login": self.username, "password": "any"}
                at_confirmation = abort and "confirm" in fields
                address = urljoin(str(page.url), form.action)
                page = browser.post(address, data=fields | ({"abort": "yes"} if at_confirmation else {}))
                if at_confirmation:
                    return page.text
        raise AssertionError(f"no end of forms at {page.url}")


class _Form(HTMLParser):
    """The first form on a page that can be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}

    @classmethod
    def on(cls, page: httpx.Response) -> _Form | None:
        form = cls()
        form.feed(page.text)
        return form if form.action is not None and form.fields else None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action") or ""
        if tag == "input" and (name := given.get("name")):
            self.fields[name] = given.get("value") or ""


@contextmanager
def running_realm(cache: Path) -> Iterator[Realm]:
    """Start the realm and stop it at the end; its packages are installed into ``cache`` once.

    Raises:
        NoProviderError: Node or npm is missing, or npm cannot reach its registry.
    """
    node = shutil.which("node")
    if node is None:
        raise NoProviderError("node is not installed")
    folder = _installed(cache)
    with subprocess.Popen(
        [node, "realm.mjs"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise NoProviderError("the provider does not start with this node")
            realm = Realm(json.loads(line)["issuer"])
            try:
                yield realm
            finally:
                realm.close()
        finally:
            process.terminate()


def _installed(cache: Path) -> Path:
    """A folder with the provider and its packages, made once for all processes that run tests."""
    content = b"".join((HERE / name).read_bytes() for name in FILES)
    folder = cache / hashlib.sha256(content).hexdigest()[:12]
    if folder.exists():
        return folder
    with tempfile.TemporaryDirectory(dir=cache) as aside:
        made = Path(aside, "provider")
        made.mkdir()
        for name in FILES:
            shutil.copyfile(HERE / name, made / name)
        _install_packages(made)
        try:
            made.rename(folder)
        except OSError:
            # Another process was quicker, and its folder holds the same.
            if not folder.exists():
                raise
    return folder


def _install_packages(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoProviderError("npm is not installed")
    try:
        subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=120,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise NoProviderError("npm cannot install the provider") from error


async def token_of(realm: Realm, username: str, client: str = "mcp-host") -> str:
    """What the host of a user gets, by the device grant."""
    async with httpx.AsyncClient(base_url=realm.issuer + OPENID, trust_env=False) as http:
        begun = (await http.post("/auth/device", data={"client_id": client, "scope": "openid"})).json()
        realm.person(username).approve(begun["verification_uri_complete"])
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        form = {"client_id": client, "grant_type": grant, "device_code": begun["device_code"]}
        return (await http.post("/token", data=form)).json()["access_token"]

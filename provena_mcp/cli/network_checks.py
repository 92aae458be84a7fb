"""What ``provena-mcp doctor`` asks the network: names, certificates, clocks and services."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Self
from urllib.parse import urlsplit

import httpx

from provena_mcp.cli.findings import Diagnosis, failed, ok
from provena_mcp.client import ProvenaClient, public_transport
from provena_mcp.client.http.network import proxy_for, trusted_certificates
from provena_mcp.client.login.keycloak import Clock
from provena_mcp.client.service import ServiceApi
from provena_mcp.errors import ProvenaError, SettingsError
from provena_mcp.queries.cache import together
from provena_mcp.settings import Endpoints

Resolve = Callable[[str, int], Awaitable[list[str]]]

_SECONDS: Final = 10.0
_DAY: Final = 86_400.0
_CERTIFICATE_DAYS: Final = 14
_SKEW_NOTED: Final = 5.0
# A token is renewed 30 s before its end; a clock that is further off sends expired ones.
_SKEW_HARMS: Final = 30.0
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of ``host``."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return sorted({str(address[0]) for *_, address in found})


@dataclass(frozen=True, slots=True)
class _Host:
    """One place that is asked, whatever is asked there."""

    scheme: str
    name: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        parts = urlsplit(url)
        return cls(parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))

    @property
    def url(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{self.scheme}://{name}:{self.port}/"


@dataclass(frozen=True, slots=True)
class _Visit:
    """What there is to say of a host, and whether its services can be asked at all."""

    host: _Host
    findings: tuple[Diagnosis, ...]
    reached: bool = False


@dataclass(frozen=True)
class NetworkChecks:
    """Looks at everything between here and a deployment; ``clock`` gives Unix seconds."""

    endpoints: Endpoints
    clock: Clock = time.time
    resolve: Resolve = resolve

    async def run(self, client: ProvenaClient) -> list[Diagnosis]:
        """Every finding, hosts first; what is out of reach is a finding, never an error."""
        named = self.endpoints
        services = (
            (named.prov, "prov-api", client.prov),
            (named.registry, "registry", client.registry),
            (named.search, "search", client.search),
            (named.job, "job-api", client.jobs),
            (named.auth, "auth-api", client.auth),
            (named.data, "data-api", client.data),
        )
        urls = [url for url, _, _ in services] + ([named.keycloak] if named.keycloak else [])
        visits = await together(*map(self._visit, dict.fromkeys(map(_Host.of, urls))))
        # What a host's own findings explain is not told once more for each of its services.
        up = [visit.host for visit in visits if visit.reached]
        probes = [_answers(name, service) for url, name, service in services if _Host.of(url) in up]
        if named.keycloak is None or _Host.of(named.keycloak) in up:
            probes.append(self._keycloak())
        clock = await self._clock_against(up)
        answers = await together(*probes)
        # One setting is wrong for every host alike.
        found = dict.fromkeys(finding for visit in visits for finding in visit.findings)
        return [*found, clock, *answers]

    async def _visit(self, host: _Host) -> _Visit:
        try:
            proxy = proxy_for(httpx.URL(host.url))
        except SettingsError as error:
            return _Visit(host, (failed("proxy", error),))
        if host.scheme == "https":
            try:
                trusted_certificates()
            except SettingsError as error:
                return _Visit(host, (failed("certificate", error),))
        if proxy:
            said = f"{host.name} is reached through {proxy.address.url.host}, which resolves and connects."
            return _Visit(host, (Diagnosis("note", "proxy", said),), reached=True)
        try:
            async with asyncio.timeout(_SECONDS):
                addresses = await self.resolve(host.name, host.port)
        except (OSError, TimeoutError):
            fix = "Check PROVENA_DOMAIN and the addresses that are set, the network and the VPN."
            return _Visit(host, (Diagnosis("problem", "dns", f"{host.name} does not resolve.", fix),))
        resolved = ok("dns", f"{host.name} is {', '.join(addresses[:3])}")
        if host.scheme != "https":
            return _Visit(host, (resolved, _unprotected(host)), reached=True)
        secured = await self._certificate(host)
        return _Visit(host, (resolved, secured), reached=secured.state != "problem")

    async def _certificate(self, host: _Host) -> Diagnosis:
        try:
            async with asyncio.timeout(_SECONDS):
                ends = await _certificate_end(host)
        except SettingsError as error:
            return failed("tls", error)
        except ssl.SSLCertVerificationError as error:
            said = f"The certificate of {host.name} is not trusted: {error.verify_message}."
            fix = "Set SSL_CERT_FILE to your organisation's certificates, or check this machine's clock."
            return Diagnosis("problem", "tls", said, fix)
        except (OSError, TimeoutError) as error:
            said = f"{host.name} accepts no connection on port {host.port} ({type(error).__name__})."
            return Diagnosis("problem", "tls", said, "Check the address, the firewall and the VPN.")
        said = f"The certificate of {host.name} is trusted until {_day(ends)}"
        if ends - self.clock() < _CERTIFICATE_DAYS * _DAY:
            return Diagnosis("note", "tls", said, "Say the administrators of this Provena to renew it.")
        return ok("tls", said)

    async def _clock_against(self, hosts: Iterable[_Host]) -> Diagnosis:
        told = await together(*map(self._skew, hosts))
        skews = sorted(skew for skew in told if skew is not None)
        if not skews:
            return Diagnosis(
                "note", "clock", "No service told the time, so this clock could not be compared."
            )
        skew = skews[len(skews) // 2]
        if abs(skew) <= _SKEW_NOTED:
            return ok("clock", "This clock agrees with the services'.")
        said = f"This clock is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} the services'."
        fix = "Let this machine set its clock from the network (NTP); a login may seem expired meanwhile."
        return Diagnosis("problem" if abs(skew) > _SKEW_HARMS else "note", "clock", said, fix)

    async def _skew(self, host: _Host) -> float | None:
        """Seconds by which a service's clock is ahead of this one, by the Date of any answer."""
        before = self.clock()
        answer = await _get(host.url)
        if answer is None:
            return None
        try:
            date = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            return None
        # The header counts whole seconds: on average half a second has passed since.
        return date.timestamp() + 0.5 - (before + self.clock()) / 2

    async def _keycloak(self) -> Diagnosis:
        realm = self.endpoints.keycloak
        if realm is None:
            fix = "Set PROVENA_REALM or PROVENA_KEYCLOAK if this Provena asks for a login."
            return Diagnosis("note", "keycloak", "None is set, so nobody can log in.", fix)
        answer = await _get(f"{realm}/.well-known/openid-configuration")
        if answer is None:
            fix = "Check the address, the network and the VPN."
            return Diagnosis("problem", "keycloak", f"{realm} does not answer.", fix)
        if not answer.is_success or b'"token_endpoint"' not in answer.content:
            fix = "Check PROVENA_REALM, or PROVENA_KEYCLOAK: the whole address of the realm."
            return Diagnosis("problem", "keycloak", f"{realm} is no realm ({answer.status_code}).", fix)
        if b'"device_authorization_endpoint"' not in answer.content:
            fix = "Ask its administrators for it, or set PROVENA_OFFLINE_TOKEN."
            return Diagnosis("note", "keycloak", f"{realm} offers no login from a desk.", fix)
        return ok("keycloak", f"{realm} answers and offers a login from a desk")


def _unprotected(host: _Host) -> Diagnosis:
    if host.name in _LOOPBACK:
        return ok("tls", f"{host.name} is this machine, asked without https")
    said = f"{host.name} is asked without https: whoever listens on the way has the login."
    return Diagnosis("problem", "tls", said, "Set an https:// address.")


async def _answers(name: str, service: ServiceApi) -> Diagnosis:
    try:
        await service.health()
    except ProvenaError as error:
        return failed(name, error)
    return ok(name, "answers")


async def _get(url: str) -> httpx.Response | None:
    try:
        async with httpx.AsyncClient(timeout=_SECONDS, transport=public_transport()) as http:
            return await http.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, ProvenaError):
        return None


async def _certificate_end(host: _Host) -> float:
    """Until when the certificate is valid, in Unix seconds."""
    trust = trusted_certificates()
    _, writer = await asyncio.open_connection(host.name, host.port, ssl=trust, server_hostname=host.name)
    try:
        secured: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate = secured.getpeercert() or {}
        return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))
    finally:
        writer.close()


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")

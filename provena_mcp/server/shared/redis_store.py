"""What replicas on several machines share, in Redis or Valkey: sealed values, and each caller's rate.

A claim has to be worth as much as the preview it was made for. A server that is restarted from an older
copy, or fails over to a replica that lags behind, may know the preview and have lost the claim; then a
change would be sent twice. So every value belongs to one *life* of the server, which ends with each restart
and each promotion, and nothing of an earlier life is seen: a preview is lost then, together with its claim.
For the same reason a server that evicts what it still holds when it is full is not used.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, Protocol, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from provena_mcp.commands.confirmation.key_value_store import (
    BYTES_PER_OWNER,
    ENTRIES_PER_OWNER,
    check_size,
)
from provena_mcp.errors import ProvenaError, SettingsError, StoreError, UnavailableError
from provena_mcp.server.http.limits import Rates
from provena_mcp.server.shared.encryption import Seal, sealing_context

SCHEMES: Final = {"redis": "redis", "valkey": "redis", "rediss": "rediss", "valkeys": "rediss"}

_CONNECT_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 3.0
_LATER_SECONDS: Final = 5.0
_PREFIX: Final = "provena-mcp"

_LIFE: Final = """
local life = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
    .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local owner = ARGV[1] .. ':' .. life .. ':' .. ARGV[2] .. ':'
local key = owner .. ARGV[3]
"""
_GET: Final = _LIFE + "return {life, redis.call('GET', key)}"
_REMOVE: Final = _LIFE + "return {life, redis.call('DEL', key)}"
# A value that is there already because the same request was repeated is the request's own. Then, newest
# first, the owner's values are counted, and those beyond the bounds go.
_KEEP: Final = (
    _LIFE
    + """
local value, milliseconds, verb, beside = ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
local most, size = tonumber(ARGV[8]), tonumber(ARGV[9])
if verb == 'add' then
    local there = redis.call('GET', key)
    if there then return {life, there == value and 1 or 0} end
    if beside ~= '' and redis.call('EXISTS', owner .. beside) == 0 then return {life, 0} end
end
redis.call('SET', key, value, 'PX', milliseconds)
local now, all = redis.call('TIME'), owner .. 'all'
redis.call('ZADD', all, now[1] * 1000000 + now[2], ARGV[3])
if redis.call('PTTL', all) < milliseconds then redis.call('PEXPIRE', all, milliseconds) end
local number, length = 0, 0
for _, each in ipairs(redis.call('ZREVRANGE', all, 0, -1)) do
    local its = redis.call('STRLEN', owner .. each)
    if its > 0 then number, length = number + 1, length + its end
    if its == 0 or number > most or length > size then
        redis.call('DEL', owner .. each)
        redis.call('ZREM', all, each)
    end
end
return {life, 1}
"""
)
_RATE: Final = """
local key, most, now = ARGV[1] .. ':rate:' .. ARGV[2], tonumber(ARGV[3]), redis.call('TIME')
now = now[1] + now[2] / 1000000
local held = redis.call('HMGET', key, 'left', 'at')
local left, at = tonumber(held[1]) or most, tonumber(held[2]) or now
left = math.min(most, left + math.max(0, now - at) * most / 60)
local wait = 0
if left < 1 then wait = (1 - left) * 60 / most else left = left - 1 end
redis.call('HSET', key, 'left', string.format('%.6f', left), 'at', string.format('%.6f', now))
redis.call('EXPIRE', key, 120)
return string.format('%.3f', wait)
"""

logger = logging.getLogger(__name__)


class Server(Protocol):
    """A Redis or Valkey server, asked for what is needed here."""

    @property
    def name(self) -> str:
        """Host and port, as errors call it."""
        ...

    async def run(self, script: str, *given: str | bytes | int) -> Any:
        """What ``script`` answers.

        Raises:
            UnavailableError: It cannot be reached, does not answer in time, or takes no writes just now.
            StoreError: It is full, or refuses this process.
        """
        ...

    async def policy(self) -> str:
        """What it throws away when it is full; errors as ``run``."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class RedisServer:
    """A server over pooled connections, which are opened when they are needed."""

    def __init__(self, url: str, password: SecretStr | None) -> None:
        """Talk to the server at ``url``.

        Raises:
            SettingsError: The address is not usable, or holds the password.
        """
        parts = urlsplit(url)
        if parts.password:
            raise SettingsError(
                "PROVENA_HTTP_STORE holds a password, where process lists and logs would show it.",
                advice="Set PROVENA_HTTP_STORE_PASSWORD instead.",
            )
        try:
            self.name = f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
            self._redis, self._errors = _opened(url.replace(parts.scheme, SCHEMES[parts.scheme], 1), password)
        except (KeyError, ValueError):
            raise SettingsError(
                "PROVENA_HTTP_STORE is not an address of a Redis or Valkey server.",
                advice="Set it to something like rediss://redis.example.org:6379/0, or to a file's path.",
            ) from None

    async def run(self, script: str, *given: str | bytes | int) -> Any:
        """What ``script`` answers; errors as ``Server.run``."""
        return await self._explained(self._redis.eval(script, 0, *given))

    async def policy(self) -> str:
        """What it throws away when it is full; ``noeviction`` also where it has no limit of its own."""
        memory: dict[str, Any] = await self._explained(self._redis.info("memory"))
        return str(memory.get("maxmemory_policy")) if memory.get("maxmemory") else "noeviction"

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _explained(self, asked: Awaitable[Any]) -> Any:
        errors = self._errors
        try:
            return await asked
        except (errors.AuthenticationError, errors.NoPermissionError) as error:
            raise StoreError(
                f"The shared store {self.name} refuses this server ({type(error).__name__}).",
                advice="Check PROVENA_HTTP_STORE_PASSWORD, and that the user may run EVAL and INFO.",
            ) from None
        except errors.OutOfMemoryError:
            raise StoreError(
                f"The shared store {self.name} is full.", advice="Give it more memory; nothing was stored."
            ) from None
        except (errors.RedisError, OSError) as error:
            raise UnavailableError(
                f"The shared store {self.name} does not answer as it should ({type(error).__name__}).",
                advice="Try again in a few seconds; if it stays so, tell the operator of this server.",
                retry_after=_LATER_SECONDS,
            ) from None


def _opened(url: str, password: SecretStr | None) -> tuple[Any, Any]:
    """A client, and the module of its errors."""
    try:
        # An extra that only replicas on several machines need.
        from redis import asyncio as redis
        from redis import exceptions
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError:
        raise SettingsError(
            "PROVENA_HTTP_STORE names a Redis or Valkey server, and the client for it is not installed.",
            advice="Install it with: pip install 'provena-mcp[redis]'",
        ) from None
    # The types of ``redis`` leave the keyword arguments of ``from_url`` unknown, which strict typing refuses.
    client = cast("Any", redis.Redis).from_url(
        url,
        password=password.get_secret_value() if password else None,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        # Once, for connections that have died in the pool: each request may be repeated safely. Who has not
        # answered in time is not asked again: the caller is waiting.
        retry=Retry(NoBackoff(), 1, supported_errors=(exceptions.ConnectionError,)),
    )
    return client, exceptions


class RedisStore:
    """A ``KeyValueStore`` in a server; whoever reads there without the key learns sizes and times only."""

    def __init__(self, server: Server, seal: Seal) -> None:
        """Keep values in ``server``, sealed with ``seal``."""
        self._server = server
        self._seal = seal
        self._life: bytes | None = None

    async def get(self, owner: str, key: str) -> bytes | None:
        """The value, unless it has expired, was never there, or was lost with the server."""
        sealed: bytes | None = await self._run(_GET, owner, key)
        return self._seal.open(sealed, sealing_context(owner, key)) if sealed is not None else None

    async def put(self, owner: str, key: str, value: bytes, seconds: float) -> None:
        """Keep ``value`` for ``seconds``, in place of what was there.

        Raises:
            ArgumentError: It is larger than is kept for one owner.
        """
        await self._keep("put", owner, key, value, seconds, None)

    async def add(
        self, owner: str, key: str, value: bytes, seconds: float, *, beside: str | None = None
    ) -> bool:
        """Keep ``value`` unless there is one, or ``beside`` is none; of two at once exactly one succeeds."""
        return await self._keep("add", owner, key, value, seconds, beside)

    async def remove(self, owner: str, key: str) -> None:
        """Forget a value, if it is there."""
        await self._run(_REMOVE, owner, key)

    async def _keep(
        self,
        verb: Literal["put", "add"],
        owner: str,
        key: str,
        value: bytes,
        seconds: float,
        beside: str | None,
    ) -> bool:
        check_size(value)
        sealed = self._seal.close(value, sealing_context(owner, key))
        other = _digest(owner, beside) if beside is not None else ""
        bounds = (ENTRIES_PER_OWNER, 2 * BYTES_PER_OWNER)
        kept = await self._run(_KEEP, owner, key, sealed, round(seconds * 1_000), verb, other, *bounds)
        return bool(kept)

    async def _run(self, script: str, owner: str, key: str, *given: str | bytes | int) -> Any:
        life, answer = await self._server.run(
            script, _PREFIX, _digest(owner, ""), _digest(owner, key), *given
        )
        if life != self._life:
            await self._check_policy()
            self._life = life
        return answer

    async def _check_policy(self) -> None:
        policy = await self._server.policy()
        if policy != "noeviction":
            raise StoreError(
                f"The shared store {self._server.name} would throw away what is still needed ({policy}).",
                advice="Set its maxmemory-policy to noeviction: what is kept here expires by itself.",
            )


class RedisRates:
    """Counts each caller's requests for all replicas together; for each alone while the server is away."""

    def __init__(
        self,
        server: Server,
        per_minute: int,
        alone: Rates,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Allow ``per_minute``, in bursts of as many; ``clock`` gives seconds."""
        self._server = server
        self._per_minute = per_minute
        self._alone = alone
        self._clock = clock
        self._ask_again = 0.0

    async def seconds_to_wait(self, caller: str) -> float:
        """Count one request; 0 if it is within the rate, else when the next one will be."""
        if self._clock() >= self._ask_again:
            try:
                return float(await self._server.run(_RATE, _PREFIX, _digest(caller, ""), self._per_minute))
            except ProvenaError as error:
                # Nobody is kept out, or kept waiting, because they cannot be counted together.
                self._ask_again = self._clock() + _LATER_SECONDS
                logger.warning("Requests are counted in this process alone. %s", error.message)
        return await self._alone.seconds_to_wait(caller)


def _digest(owner: str, key: str) -> str:
    return hashlib.sha256(sealing_context(owner, key).encode()).hexdigest()[:40]

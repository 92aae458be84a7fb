"""A deployment with a mirror before it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Protocol

from provena_mcp.client import ClientLimits
from provena_mcp.client.http.connection import Sender
from provena_mcp.client.login.select_login import stored_subject
from provena_mcp.errors import StoreError
from provena_mcp.mirror.connection import MirroredConnection
from provena_mcp.mirror.mirror import Mirror
from provena_mcp.mirror.standing import Standing
from provena_mcp.queries.which_provena import MirrorState, WhichProvena
from provena_mcp.rules.times import utc
from provena_mcp.server.backend import Backend
from provena_mcp.server.deployment_backend import Around
from provena_mcp.settings import Settings


class Deploy(Protocol):
    """Makes the backend of a deployment."""

    def __call__(self, *, around: Around) -> Backend:
        """With ``around`` between its client and its connection."""
        ...


def mirrored_backend(mirror: Mirror, settings: Settings, deploy: Deploy) -> Backend:
    """The deployment that ``deploy`` makes, read from ``mirror``.

    Nothing is opened: a mirror that cannot be read, or must not be, says so in every call.
    """

    def around(connection: Sender) -> Sender:
        mirrored = MirroredConnection(connection, mirror, standing, ClientLimits())
        if settings.mirror_refresh:
            standing.refresh_with(partial(mirror.pull, mirrored.services, deployment.subject))
        return mirrored

    deployment = deploy(around=around)
    standing = Standing(
        mirror,
        max_age_hours=settings.mirror_max_age,
        subject=deployment.subject,
        stored_subject=partial(stored_subject, settings),
    )
    of_deployment = deployment.which()
    return replace(
        deployment, which=lambda: _describe(of_deployment.where, mirror, standing), mirror=standing
    )


def _describe(where: str, mirror: Mirror, standing: Standing) -> WhichProvena:
    file = str(mirror.path)
    try:
        known = mirror.ledger()
        state = MirrorState(file=file, user=known.origin.username, as_of=utc(known.as_of), age=standing.age())
        return WhichProvena(kind="mirror", where=where, items=mirror.count_items(), mirror=state)
    except StoreError as error:
        # The server starts all the same: every call says what is wrong.
        advice = f"{error.message} {error.advice}"
        return WhichProvena(kind="mirror", where=where, mirror=MirrorState(file=file), advice=advice)

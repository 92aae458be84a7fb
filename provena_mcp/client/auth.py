"""auth-api: who is calling (provena-http 7.8)."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from provena_mcp.client.http.errors_from_http import failure_of
from provena_mcp.client.http.parsing import parsed
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.service import ServiceApi
from provena_mcp.wire.registry import LinkAnswer


class AuthApi(ServiceApi):
    """Users and the Persons they are linked to."""

    service: ClassVar[Service] = "auth"

    async def linked_person(self, username: str | None = None) -> str | None:
        """The id of the Person that a user, by default the caller, is linked to; none without a link.

        A deployment without this route links nobody.
        """
        call = Call(
            service="auth",
            method="GET",
            path="/link/user/lookup",
            name="look up the linked Person",
            role="any",
            params={"username": username} if username else None,
        )
        answer = await self._connection.send(call)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if not answer.is_success:
            raise failure_of(call, answer)
        link = parsed(call, answer, LinkAnswer)
        return link.person_id if link.success else None

"""auth-api: who is calling (provena-http 7.8)."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from provena_mcp.client.http.errors_from_http import failure_of
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.service import ServiceApi, parsed
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
        response = await self._connection.send(call)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        if not response.is_success:
            raise failure_of(call, response)
        link = parsed(call, response, LinkAnswer)
        return link.person_id if link.success else None

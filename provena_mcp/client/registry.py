"""registry-api: items, lists, and changes to items (provena-http 7.1 to 7.6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from pydantic_core import to_json

from provena_mcp.client.checks import require_handle, require_item, require_new_item
from provena_mcp.client.http.request import FIND_ITEM, Call, Effect, Method, Role, Service
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.service import (
    BEGINNING,
    ItemPage,
    ListPlace,
    Pages,
    ServiceApi,
    UnreadRow,
    encoded,
    item_of,
    item_page,
    list_call,
    require_success,
    required,
)
from provena_mcp.wire.base import Status
from provena_mcp.wire.items import JsonObject, RegistryItem
from provena_mcp.wire.registry import (
    CreateAnswer,
    FetchAnswer,
    ListAnswer,
    ListRequest,
    SeedAnswer,
    StatusAnswer,
    TypedFetchAnswer,
    TypedListAnswer,
    UpdateItemAnswer,
    VersionAnswer,
    VersionDetails,
    VersionRequest,
)
from provena_mcp.wire.subtypes import ROUTE_OF, ItemSubtype


@dataclass(frozen=True, slots=True)
class TypedItem:
    """An item with what the caller may do with it."""

    item: RegistryItem
    roles: tuple[str, ...]
    locked: bool
    is_seed: bool


@dataclass(frozen=True, slots=True)
class CreatedItem:
    """A new item, and the session of the job that lodges its Create activity, if there is one."""

    item: RegistryItem
    session_id: str | None


class RegistryApi(ServiceApi):
    """The registry: what every handle stands for."""

    service: ClassVar[Service] = "registry"

    async def fetch(self, item_id: str) -> RegistryItem:
        """An item of any subtype; seed items come as a plain ``RegistryItem``.

        Raises:
            NotFoundError: No item has this id.
            ForbiddenError: The caller may not read it.
            MalformedAnswerError: It is stored in a form that cannot be read, or another item is answered.
        """
        call = self._call(
            "GET",
            "/registry/general/fetch",
            "fetch an item",
            params={"id": required(item_id, "id")},
            subject=item_id,
        )
        answer = await self._ask(call, FetchAnswer)
        require_success(call, answer.status)
        return require_item(call, item_of(call, answer.item), item_id=item_id, subtype=None)

    async def fetch_typed(
        self, subtype: ItemSubtype, item_id: str, *, seed_allowed: bool = False
    ) -> TypedItem:
        """An item that has to be of ``subtype``, with roles and lock.

        Raises:
            NotFoundError: No item has this id.
            WrongSubtypeError: It is of another subtype, or a seed although none is allowed.
            ForbiddenError: The caller may not read it.
            MalformedAnswerError: Another item is answered, or one of another subtype.
        """
        call = self._call(
            "GET",
            f"{ROUTE_OF[subtype]}/fetch",
            f"fetch an item as {subtype}",
            params={"id": required(item_id, "id"), "seed_allowed": seed_allowed},
            subject=item_id,
        )
        answer = await self._ask(call, TypedFetchAnswer)
        require_success(call, answer.status)
        return TypedItem(
            item=require_item(call, item_of(call, answer.item), item_id=item_id, subtype=subtype),
            roles=answer.roles or (),
            locked=bool(answer.locked),
            is_seed=bool(answer.item_is_seed),
        )

    async def list(self, request: ListRequest) -> ItemPage:
        """One page of items, of any subtype unless ``request`` names one.

        Raises:
            MalformedAnswerError: There are items of another subtype, or none although it says success, or
                the page leads to itself.
        """
        start = ListPlace(request.pagination_key)
        return await self.walk(request, start).page_at(start, request.page_size)

    async def list_typed(self, subtype: ItemSubtype, request: ListRequest) -> ItemPage:
        """One page of a subtype, seeds last; an unparsable row does not spoil the others (provena-http 7.5).

        Raises:
            MalformedAnswerError: There are items of another subtype, or none although it says success.
        """
        call = self._call("POST", f"{ROUTE_OF[subtype]}/list", f"list {subtype} items", body=encoded(request))
        answer, size = await self._ask_page(call, TypedListAnswer)
        if answer.items is None:
            require_success(call, answer.status)
        items = None if answer.items is None else (*answer.items, *(answer.seed_items or ()))
        page = item_page(call, answer, items, subtype, size)
        unread = tuple(UnreadRow.of(raw) for raw in answer.unparsable_items or ())
        return replace(page, unread=(*unread, *page.unread))

    def walk(
        self,
        request: ListRequest,
        start: ListPlace = BEGINNING,
        *,
        is_wanted: Callable[[str], bool] | None = None,
    ) -> Pages[ItemPage]:
        """The pages of ``list`` from ``start`` on, for whoever decides page by page whether to go on.

        With ``is_wanted``, pages hold only the items with the ids it takes; other rows are not read.
        """
        subtype = request.filter_by.item_subtype if request.filter_by else None

        async def read(key: JsonObject | None, rows: int) -> ItemPage:
            asked = request.model_copy(update={"pagination_key": key, "page_size": rows})
            call = list_call(asked)
            answer, size = await self._ask_page(call, ListAnswer)
            require_success(call, answer.status)
            rows_read = answer.items
            if rows_read is not None and is_wanted is not None:
                rows_read = [raw for raw in rows_read if is_wanted(str(raw.get("id", "")))]
            return item_page(call, answer, rows_read, subtype, size)

        return Pages(list_call(request), read, start)

    async def pages(self, request: ListRequest) -> AsyncIterator[ItemPage]:
        """Page after page of ``list`` from ``request`` on, until there are no more; each item once.

        Raises:
            MalformedAnswerError: A page comes again, or there is no end to them.
        """
        walk = self.walk(request, ListPlace(request.pagination_key))
        while (page := await walk.next_page(request.page_size)) is not None:
            yield replace(page, items=tuple(item for item in page.items if walk.is_new(item.id)))

    async def create(self, subtype: ItemSubtype, domain_info: JsonObject) -> CreatedItem:
        """Register a new item of ``subtype``; versioned kinds need a login with a linked Person."""
        call = self._write(
            "POST", f"{ROUTE_OF[subtype]}/create", f"create a {subtype}", body=to_json(domain_info)
        )
        answer = await self._ask(call, CreateAnswer)
        require_success(call, answer.status)
        name = domain_info.get("display_name")
        item = require_new_item(call, item_of(call, answer.created_item), subtype, name)
        return CreatedItem(item, answer.register_create_activity_session_id or None)

    async def seed(self, subtype: ItemSubtype) -> RegistryItem:
        """Reserve an id for an item of ``subtype``."""
        call = self._write("POST", f"{ROUTE_OF[subtype]}/seed", f"reserve an id for a {subtype}")
        answer = await self._ask(call, SeedAnswer)
        require_success(call, answer.status)
        return require_new_item(call, item_of(call, answer.seeded_item), subtype)

    async def update(
        self, subtype: ItemSubtype, item_id: str, domain_info: JsonObject, *, reason: str | None = None
    ) -> str | None:
        """Replace an item's content, for which a ``reason`` is needed, or complete a seed.

        Returns:
            The session of the job that lodges a completed seed's Create activity, if there is one.
        """
        params = {"id": required(item_id, "id")} | ({"reason": reason} if reason else {})
        call = self._write(
            "PUT",
            f"{ROUTE_OF[subtype]}/update",
            f"update a {subtype}",
            params=params,
            body=to_json(domain_info),
            subject=item_id,
        )
        answer = await self._ask(call, UpdateItemAnswer)
        require_success(call, answer.status)
        return answer.register_create_activity_session_id or None

    async def version(self, subtype: ItemSubtype, item_id: str, reason: str) -> VersionAnswer:
        """Make a new version of an item of a versioned subtype (provena-http 7.1)."""
        request = VersionRequest(id=required(item_id, "id"), reason=reason)
        call = self._write(
            "POST",
            f"{ROUTE_OF[subtype]}/version",
            f"make a new version of a {subtype}",
            body=encoded(request),
            subject=item_id,
        )
        answer = await self._ask(call, VersionAnswer)
        if require_handle(call, answer.new_version_id, "new version") == item_id:
            raise malformed(call, "success, but no new version")
        return answer

    async def delete(self, subtype: ItemSubtype, item_id: str) -> None:
        """Delete an item for good (admin); its node stays in the graph (provena-http 7.4)."""
        call = self._write(
            "DELETE",
            f"{ROUTE_OF[subtype]}/delete",
            f"delete a {subtype}",
            params={"id": required(item_id, "id")},
            subject=item_id,
            role="admin",
        )
        require_success(call, (await self._ask(call, StatusAnswer)).status)

    async def validate(self, subtype: ItemSubtype, domain_info: JsonObject) -> Status:
        """Whether the registry would take this content; ``success`` false with the reason if not."""
        call = self._call(
            "POST", f"{ROUTE_OF[subtype]}/validate", f"validate a {subtype}", body=to_json(domain_info)
        )
        return (await self._ask(call, StatusAnswer)).status

    async def version_details(self) -> VersionDetails:
        """Which build of Provena this is."""
        return await self._ask(
            self._call("GET", "/registry/general/about/version", "ask for Provena's version"), VersionDetails
        )

    def _call(
        self,
        method: Method,
        path: str,
        name: str,
        *,
        params: dict[str, str | bool] | None = None,
        body: bytes | None = None,
        subject: str | None = None,
        effect: Effect = "read",
        role: Role = "read",
    ) -> Call:
        return Call(
            service="registry",
            method=method,
            path=path,
            name=name,
            effect=effect,
            role=role,
            params=params,
            body=body,
            subjects=(subject,) if subject else (),
            find_out=FIND_ITEM,
        )

    def _write(
        self,
        method: Method,
        path: str,
        name: str,
        *,
        params: dict[str, str] | None = None,
        body: bytes | None = None,
        subject: str | None = None,
        role: Role = "write",
    ) -> Call:
        return self._call(
            method,
            path,
            name,
            params={**params} if params else None,
            body=body,
            subject=subject,
            effect="write",
            role=role,
        )

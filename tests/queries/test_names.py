"""Names cost few calls, and one that cannot be read never fails the others."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from provena_mcp.client import ClientLimits, ProvenaClient, ReadyToken
from provena_mcp.queries.items.names import Names, NamesFound
from provena_mcp.settings import Endpoints

BASE = "https://provena.example.org"
ENDPOINTS = Endpoints(prov=BASE, registry=BASE, job=BASE, search=BASE, auth=BASE, data=BASE)


class Registry:
    """A registry of ``count`` datasets, some private, some gone, some failing; it counts its calls."""

    def __init__(
        self, count: int, private: frozenset[str] = frozenset(), broken: frozenset[str] = frozenset()
    ):
        self.ids = [f"d/{number}" for number in range(count)]
        self.private = private
        self.broken = broken
        self.calls: Counter[str] = Counter()
        self.fetched: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.calls[request.url.path] += 1
        if request.url.path == "/registry/general/list":
            return self._page(json.loads(request.content))
        item_id = request.url.params["id"]
        self.fetched.append(item_id)
        if item_id in self.broken:
            return httpx.Response(500, text="Internal Server Error")
        if item_id in self.private:
            return httpx.Response(401, json={"detail": "You are not authorised to fetch this item."})
        if item_id not in self.ids:
            details = f"Item {item_id} was not available in the registry."
            return httpx.Response(200, json={"status": {"success": False, "details": details}, "item": None})
        status = {"success": True, "details": ""}
        return httpx.Response(200, json={"status": status, "item": self._item(item_id)})

    def _page(self, body: dict[str, Any]) -> httpx.Response:
        key = body.get("pagination_key")
        begin = key["at"] if isinstance(key, dict) else 0
        end = begin + body["page_size"]
        readable = [item_id for item_id in self.ids[begin:end] if item_id not in self.private | self.broken]
        return httpx.Response(
            200,
            json={
                "status": {"success": True, "details": ""},
                "items": [self._item(item_id) for item_id in readable],
                "pagination_key": {"at": end} if end < len(self.ids) else None,
            },
        )

    def _item(self, item_id: str) -> dict[str, object]:
        return {
            "id": item_id,
            "item_category": "ENTITY",
            "item_subtype": "DATASET",
            "display_name": f"Dataset {item_id}",
            "collection_format": {},
        }


def names_of(
    registry: Registry, *questions: Mapping[str, str], seconds_between: float = 0.0
) -> list[NamesFound]:
    """Ask for names one question after another, with one client and one memory."""
    now = 0.0

    async def ask() -> list[NamesFound]:
        nonlocal now
        client = ProvenaClient(
            ENDPOINTS,
            tokens=ReadyToken(SecretStr("x")),
            transport=httpx.MockTransport(registry.answer),
            limits=ClientLimits(attempts=1),
        )
        async with client:
            names = Names(client.registry, clock=lambda: now)
            found: list[NamesFound] = []
            for question in questions:
                found.append(await names.of("ann", question))
                now += seconds_between
            return found

    return asyncio.run(ask())


def datasets(*numbers: int) -> dict[str, str]:
    return {f"d/{number}": "DATASET" for number in numbers}


def test_a_few_names_are_fetched_one_by_one_and_remembered():
    registry = Registry(300)
    first, again = names_of(registry, datasets(1, 2, 3), datasets(3, 2, 1))
    assert first.names == again.names == {f"d/{number}": f"Dataset d/{number}" for number in (1, 2, 3)}
    assert registry.calls == {"/registry/general/fetch": 3}


def test_a_hundred_names_of_one_kind_cost_a_page_not_a_hundred_calls():
    registry = Registry(300)
    (found,) = names_of(registry, datasets(*range(100)))
    assert len(found.names) == 100
    assert registry.calls == {"/registry/general/list": 1}


def test_pages_are_read_only_while_they_save_more_fetches_than_they_cost():
    registry = Registry(3000)
    (found,) = names_of(registry, datasets(*range(2980, 3000)))
    assert len(found.names) == 20
    assert registry.calls == {"/registry/general/list": 1, "/registry/general/fetch": 20}


def test_many_names_beyond_the_first_page_cost_one_large_page_more():
    registry = Registry(3000)
    (found,) = names_of(registry, datasets(*range(400, 500)))
    assert len(found.names) == 100
    assert registry.calls == {"/registry/general/list": 2}


def test_many_names_that_neither_page_holds_are_fetched():
    registry = Registry(3000)
    (found,) = names_of(registry, datasets(*range(2900, 3000)))
    assert len(found.names) == 100
    assert registry.calls == {"/registry/general/list": 2, "/registry/general/fetch": 100}


def test_each_name_that_cannot_be_read_comes_with_its_reason():
    registry = Registry(20, private=frozenset({"d/1"}), broken=frozenset({"d/2"}))
    (found,) = names_of(registry, {**datasets(0, 1, 2), "gone/1": ""})
    assert found.names == {"d/0": "Dataset d/0"}
    assert found.unreadable == {
        "d/1": "no permission",
        "d/2": "service unavailable",
        "gone/1": "not in the registry",
    }


@pytest.mark.parametrize(
    ("seconds_between", "asked_again"), [(1.0, ["d/2"]), (61.0, ["d/1", "d/2", "gone/1"])]
)
def test_what_is_gone_or_private_is_asked_for_again_after_a_minute_and_what_failed_at_once(
    seconds_between: float, asked_again: list[str]
):
    registry = Registry(3, private=frozenset({"d/1"}), broken=frozenset({"d/2"}))
    wanted = {**datasets(1, 2), "gone/1": ""}
    first, again = names_of(registry, wanted, wanted, seconds_between=seconds_between)
    assert again == first
    assert registry.fetched == ["d/1", "d/2", "gone/1", *asked_again]


def test_more_than_can_be_looked_up_at_once_is_said_not_tried():
    registry = Registry(1)
    (found,) = names_of(registry, {f"x/{number}": "" for number in range(500)})
    assert registry.calls == {"/registry/general/fetch": 400}
    assert Counter(found.unreadable.values()) == {
        "not in the registry": 400,
        "not looked up: too many at once": 100,
    }

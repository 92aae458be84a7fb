"""Removes a person from the registry: the use case."""

from pydantic import BaseModel

from provena_mcp.client import AccessLevel
from provena_mcp.commands.confirmation.change import Preview, Sent
from provena_mcp.commands.confirmation.write_result import WriteResult
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.items.reader import item_digest
from provena_mcp.wire.items import JsonObject


class Removal(BaseModel):
    person_id: str


class RemovePersonResult(WriteResult):
    person: Ref | None = None


class RemovePerson:
    tool = "remove_person"
    access: AccessLevel = "admin"
    payload_type = Removal
    result_type = RemovePersonResult

    async def prepare(
        self, context: WriteContext, arguments: JsonObject
    ) -> Preview[Removal, RemovePersonResult]:
        person = await context.client.registry.fetch(str(arguments["person_id"]))
        digest = item_digest(person)
        return Preview(
            RemovePersonResult(
                status="preview", message="", person=Ref(id=person.id, name=person.display_name)
            ),
            question=f"Remove {person.display_name}?",
            digest=digest,
            payload=Removal(person_id=person.id),
            facts={person.id: digest},
        )

    async def send(self, context: WriteContext, payload: Removal) -> JsonObject:
        await context.client.registry.delete("PERSON", payload.person_id)
        return {}

    async def result(self, context: WriteContext, sent: Sent) -> RemovePersonResult:
        return RemovePersonResult(status="succeeded", message="Removed.")

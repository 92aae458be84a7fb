"""The one human gate of every write: preview, reference, consent, and sent at most once.

A change is prepared from its arguments. Without ``confirm`` the preview is the answer, with a
reference when the change is ready. A reference with ``confirm`` sends what was previewed under it,
prepared again so that anything that has changed since leads to a new preview. ``confirm`` without
a preview asks the user, about a reference made for that: what they agree to is sent as they saw it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic

from pydantic import JsonValue

from provena_mcp.commands.confirmation.change import Change, Confirmation, Consent, PayloadT, Preview, ResultT
from provena_mcp.commands.confirmation.submission import earlier_result, submit
from provena_mcp.commands.confirmation.write_result import ProblemBrief, WriteStatus
from provena_mcp.commands.confirmation.write_store import AskedFor, StoredPreview, WriteContext
from provena_mcp.errors import ArgumentError, ForbiddenError, UpstreamError
from provena_mcp.queries.items.reader import may_have_changed
from provena_mcp.wire.items import JsonObject

_CHANGED: Final = "Something this change refers to has changed since it was previewed: look at it again. "
_SHOW: Final = (
    "Nothing has been changed. Show this to the user; when they agree, call again with this reference and "
    "confirm: true."
)
_NOT_READY: Final = (
    "Nothing has been changed. Ask the user for what is missing, correct the problems and call again."
)
_MAY_NOT: Final = (
    "Nothing has been changed. The change is complete, and this login may not make it: see problems, and "
    "tell the user."
)
_CANNOT_ASK: Final = (
    "Nothing has been changed: this client cannot put the question to the user. Show them this in the chat; "
    "when they agree, call again with this reference and confirm: true."
)
_DECLINED: Final = (
    "Declined: nothing has been changed. Some hosts decline without showing the question: if the user saw "
    "none, ask them in the chat, and only when they agree call again with this reference and confirm: true."
)
_CANCELLED: Final = (
    "The question was closed without an answer: nothing has been changed. Ask the user whether to go on; "
    "when they agree, call again with this reference and confirm: true."
)


@dataclass(frozen=True)
class ConsentQuestion:
    """What to ask the user; ``reference`` names what they would agree to."""

    reference: str
    text: str


@dataclass(frozen=True)
class Gate(Generic[PayloadT, ResultT]):
    """One call of a writing tool: its change, and how the call confirms."""

    context: WriteContext
    change: Change[PayloadT, ResultT]
    confirmation: Confirmation

    async def decide(self, given: JsonObject) -> ResultT | ConsentQuestion:
        """Send what was confirmed; else say, or ask, what is needed for that.

        What is given along with a reference has to be what was previewed under it.

        Raises:
            ArgumentError: The reference is not good, or something else is given than was previewed.
            AmbiguousWriteError: It was sent and nobody knows whether it arrived; it is not sent again.
            ProvenaError: What it refers to could not be looked up, or Provena refused it.
        """
        stored = None
        if self.confirmation.reference is not None:
            stored = await self._open(self.confirmation.reference.strip())
            given = _merged(stored.arguments, given)
            earlier = await earlier_result(self.context, self.change, stored, self.confirmation)
            if earlier is not None:
                return earlier
        return await self._decide(given, stored)

    async def answered(self, reference: str, consent: Consent) -> ResultT | ConsentQuestion:
        """What comes of the user's answer to the question about ``reference``; errors as ``decide``.

        The same consent, delivered again, learns what came of it the first time.
        """
        stored = await self._open(reference)
        earlier = await earlier_result(self.context, self.change, stored, self.confirmation)
        if earlier is not None:
            return earlier
        asked = stored.asked
        if asked is None:
            raise AssertionError("a question is asked about what is stored with it")
        if consent != "given":
            shown = self.change.result_type.model_validate(asked.shown)
            if consent == "declined":
                return _shown(shown, reference, "declined", _DECLINED)
            return _shown(shown, reference, "cancelled", _CANCELLED)
        if await may_have_changed(self.context.client.registry, asked.facts, asked.at):
            preview = await self.change.prepare(self.context, stored.arguments)
            if preview.digest != stored.digest or preview.payload is None:
                return await self._offer(stored.arguments, preview, stored, ask=True)
        payload = self.change.payload_type.model_validate(asked.payload)
        return await submit(self.context, self.change, stored, payload, asked.fingerprints, self.confirmation)

    async def _open(self, reference: str) -> StoredPreview:
        return await self.context.previews.open(self.context.caller, reference, self.change.tool)

    async def _decide(self, arguments: JsonObject, stored: StoredPreview | None) -> ResultT | ConsentQuestion:
        preview = await self.change.prepare(self.context, arguments)
        if (
            stored is not None
            and stored.digest == preview.digest
            and preview.payload is not None
            and self.confirmation.confirm
        ):
            return await submit(
                self.context, self.change, stored, preview.payload, preview.fingerprints, self.confirmation
            )
        if stored is not None:
            # Another call may have sent it while this one was looking.
            earlier = await earlier_result(self.context, self.change, stored, self.confirmation)
            if earlier is not None:
                return earlier
        return await self._offer(arguments, preview, stored, ask=stored is None or stored.digest is None)

    async def _offer(
        self,
        arguments: JsonObject,
        preview: Preview[PayloadT, ResultT],
        stored: StoredPreview | None,
        *,
        ask: bool,
    ) -> ResultT | ConsentQuestion:
        """Show or ask what is needed to send it, under a reference if it is ready and may be sent."""
        if preview.payload is None:
            return _shown(preview.shown, None, "preview", _NOT_READY)
        refused = await self._refused()
        if refused is not None:
            shown = preview.shown.model_copy(update={"problems": (*(preview.shown.problems or ()), refused)})
            return _shown(shown, None, "preview", _MAY_NOT)
        ask = ask and self.confirmation.confirm
        if ask and self.confirmation.asking == "possible":
            asked = self._asked(preview, preview.payload)
            return ConsentQuestion(await self._reference(arguments, preview, stored, asked), preview.question)
        reference = await self._reference(arguments, preview, stored)
        if stored is not None and stored.digest not in (None, preview.digest):
            return _shown(preview.shown, reference, "preview", _CHANGED + _SHOW)
        unable = ask and self.confirmation.asking == "impossible"
        return _shown(preview.shown, reference, "preview", _CANNOT_ASK if unable else _SHOW)

    async def _refused(self) -> ProblemBrief | None:
        """Why Provena would refuse this caller, whatever the change; other failures show when it is sent."""
        try:
            await self.context.client.prov.check_access(self.change.access)
        except ForbiddenError as error:
            return ProblemBrief(path="", message=f"{error.message} {error.advice}".strip())
        except UpstreamError:
            return None
        return None

    def _asked(self, preview: Preview[PayloadT, ResultT], payload: PayloadT) -> AskedFor:
        return AskedFor(
            payload=payload.model_dump(mode="json", by_alias=True),
            shown=preview.shown.model_dump(mode="json", by_alias=True),
            fingerprints=preview.fingerprints,
            facts=dict(preview.facts),
            at=self.context.now(),
        )

    async def _reference(
        self,
        arguments: JsonObject,
        preview: Preview[PayloadT, ResultT],
        stored: StoredPreview | None,
        asked: AskedFor | None = None,
    ) -> str:
        """The reference that confirms this very preview; what was not previewed yet keeps its own."""
        caller = self.context.caller
        if stored is None or stored.digest not in (None, preview.digest):
            added = await self.context.previews.add(
                caller, self.change.tool, arguments, preview.digest, asked
            )
            return added.reference
        if stored.digest is None:
            seen = stored.model_copy(
                update={"arguments": arguments, "digest": preview.digest, "asked": asked}
            )
            await self.context.previews.replace(caller, seen)
        return stored.reference


def _merged(arguments: JsonObject, given: JsonObject) -> JsonObject:
    for name, value in given.items():
        if name in arguments and arguments[name] != value and not isinstance(value, bool):
            meant = arguments[name]
            shown = (
                f"{value}, and {meant}" if isinstance(value, int) and isinstance(meant, int) else "not what"
            )
            raise ArgumentError(
                f"{name} is {shown} was previewed under this reference. Nothing was changed.",
                parameter=name,
                advice="Confirm with the reference alone, or leave the reference out for a new preview.",
            )
    return {**arguments, **given}


def _shown(shown: ResultT, reference: str | None, status: WriteStatus, message: str) -> ResultT:
    update: dict[str, JsonValue] = {
        "status": status,
        "message": message,
        "ready": reference is not None,
        "reference": reference,
    }
    return shown.model_copy(update=update)

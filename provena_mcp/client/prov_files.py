"""prov-api's files: CSV three ways and reports (provena-http 2.2, 8, 9.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal
from urllib.parse import urljoin, urlsplit

from provena_mcp.client.checks import require_session
from provena_mcp.client.http.request import Call, Service, Upload
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.service import ServiceApi, encoded, parsed, require_success, required
from provena_mcp.errors import ArgumentError, DeploymentError
from provena_mcp.wire.runs import ConvertAnswer, ReportRequest, SubmissionAnswer

_ZIP_MAGIC: Final = b"PK"
_MAX_REPORT_DEPTH: Final = 3
_BATCH_HINT: Final = (
    "Most often the batch is unknown, empty or somebody else's. Give the batch_id that the finished job of "
    "`prov.register_batch` names in its result, not that job's session id."
)


@dataclass(frozen=True, slots=True)
class ReportJob:
    """A report is being written; the finished job's result holds its ``report_url``."""

    session_id: str


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """A report that the service answered at once, as older builds do: a .docx file."""

    content: bytes = field(repr=False)


class FileRoutes(ServiceApi):
    """Routes of prov-api that take or give files."""

    service: ClassVar[Service] = "prov"

    async def generate_template_csv(self, workflow_template_id: str) -> bytes:
        """The CSV file to fill in for a workflow template, byte for byte."""
        return await self._fetch_file(
            Call(
                service="prov",
                method="GET",
                path="/bulk/generate_template/csv",
                name="generate a CSV template",
                params={"workflow_template_id": required(workflow_template_id, "workflow_template_id")},
                subjects=(workflow_template_id,),
            )
        )

    async def regenerate_csv(self, batch_id: str) -> bytes:
        """The CSV file of a batch with its outcomes, byte for byte."""
        return await self._fetch_file(
            Call(
                service="prov",
                method="GET",
                path="/bulk/regenerate_from_batch/csv",
                name="regenerate the CSV of a batch",
                params={"batch_id": required(batch_id, "batch_id")},
                hint=_BATCH_HINT,
            )
        )

    async def convert_csv(self, content: bytes) -> ConvertAnswer:
        """The records that a filled-in CSV file holds; nothing is registered."""
        call = Call(
            service="prov",
            method="POST",
            path="/bulk/convert_model_runs/csv",
            name="convert CSV to model runs",
            upload=Upload(
                field_name="csv_file", filename="upload.csv", content_type="text/csv", content=content
            ),
        )
        answer = await self._ask(call, ConvertAnswer)
        require_success(call, answer.status)
        return answer

    async def generate_report(
        self, item_id: str, item_subtype: Literal["STUDY", "MODEL_RUN"], depth: int
    ) -> ReportJob | ReportDocument:
        """Have a study's or run's report written: a job, or in older builds the document at once.

        Raises:
            ArgumentError: The depth is not 1, 2 or 3.
        """
        if not 1 <= depth <= _MAX_REPORT_DEPTH:
            raise ArgumentError(
                f"A report goes 1 to {_MAX_REPORT_DEPTH} hops deep, not {depth}.", parameter="depth"
            )
        request = ReportRequest(id=required(item_id, "id"), item_subtype=item_subtype, depth=depth)
        call = Call(
            service="prov",
            method="POST",
            path="/explore/generate/report",
            name="generate a report",
            effect="start",
            body=encoded(request),
            subjects=(item_id,),
        )
        response = await self._connection.fetch(call)
        if response.content.startswith(_ZIP_MAGIC):
            return ReportDocument(response.content)
        answer = parsed(call, response, SubmissionAnswer)
        require_success(call, answer.status)
        return ReportJob(require_session(call, answer.session_id))

    async def fetch_report(self, report_url: str) -> bytes:
        """The .docx file at a finished report job's ``report_url``; the login is not sent along.

        Raises:
            NotFoundError: The address has expired.
            MalformedAnswerError: It is no http(s) address, or no document is there.
        """
        call = _storage_call(report_url, self._connection.url_of("prov"))
        response = await self._connection.fetch(call)
        if not response.content.startswith(_ZIP_MAGIC):
            raise malformed(call, "something that is no .docx document")
        return response.content


def _storage_call(report_url: str, prov_url: str) -> Call:
    """The request for ``report_url``, which may be relative to ``prov_url``.

    Such an address is a permission in itself: no login goes along (provena-http 9.3).
    """
    try:
        parts = urlsplit(urljoin(f"{prov_url}/", report_url))
    except ValueError:
        parts = urlsplit("")
    if not parts.hostname or parts.scheme not in ("https", urlsplit(prov_url).scheme):
        raise DeploymentError(
            "The finished report has no address that can be followed.",
            advice="Tell the administrators of this Provena.",
            retry="no",
        )
    return Call(
        service="storage", method="GET", path=parts.geturl(), name="fetch a report", role="any", token="never"
    )

"""A model run as a W3C PROV document, in the formats of the ``prov`` library (provena-http 5.6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pydantic import ConfigDict, TypeAdapter

from provena_mcp.client import RegistryApi
from provena_mcp.errors import MalformedAnswerError, WrongSubtypeError
from provena_mcp.queries.documents.kinds import ProvFormat
from provena_mcp.rules.provenance import assert_model_run, prov_json, readable_prov_json
from provena_mcp.wire.items import JsonObject, ModelRunItem, RegistryItem, WorkflowTemplateItem

if TYPE_CHECKING:
    from prov.model import ProvDocument


_DOCUMENT: Final[TypeAdapter[dict[str, JsonObject]]] = TypeAdapter(
    dict[str, JsonObject], config=ConfigDict(defer_build=True)
)


async def asserted_prov_json(registry: RegistryApi, run_id: str) -> str:
    """The PROV-JSON that was stored with a run, else what its record asserts.

    Raises:
        NotFoundError: No item has this id.
        WrongSubtypeError: It is no complete model run.
    """
    item = await registry.fetch(run_id)
    if not isinstance(item, ModelRunItem):
        raise _no_run(run_id, item)
    if item.prov_serialisation:
        return item.prov_serialisation
    workflow = await registry.fetch(item.record.workflow_template_id)
    if not isinstance(workflow, WorkflowTemplateItem):
        raise WrongSubtypeError(f"The workflow template of run {run_id!r} is {workflow.item_subtype}.")
    return prov_json(assert_model_run(run_id, item.record, workflow.software_id))


def render_prov(serialised: str, wanted: ProvFormat) -> str:
    """A PROV-JSON document written in another format, read and written by the ``prov`` library.

    Raises:
        MalformedAnswerError: It is no PROV-JSON.
    """
    from prov import Error
    from prov.model import ProvDocument

    try:
        stored = readable_prov_json(_DOCUMENT.validate_json(serialised))
        document = ProvDocument.deserialize(content=json.dumps(stored), format="json")
        return _written(document, wanted)
    except (Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedAnswerError(
            "The PROV document that is stored with this run cannot be read.",
            advice="fetch_items has the run's record, explore_upstream its lineage.",
            retry="no",
        ) from error


def _written(document: ProvDocument, wanted: ProvFormat) -> str:
    if wanted == "json":
        return document.serialize(format="json", indent=1) or ""
    if wanted == "provn":
        return document.get_provn() + "\n"
    return document.serialize(format="rdf", rdf_format="ttl") or ""


def _no_run(run_id: str, item: RegistryItem) -> WrongSubtypeError:
    kind = "only a reserved id" if item.is_seed else f"of subtype {item.item_subtype}"
    return WrongSubtypeError(
        f"{run_id!r} is {kind}; PROV documents are made of model runs.",
        advice="explore_upstream finds the run behind an item; provena://lineage/… has whole graphs.",
    )

"""Every kind of document under its URI, for hosts that read resources."""

import json
from pathlib import Path

import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import Resource
from prov.model import ProvDocument

from tests.worlds.deployment import Send, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, sample_client, text_in

RUN = "sample/1000042"


async def read(client: Client, uri: str) -> tuple[str | None, str]:
    """Media type and text of a resource."""
    found = await client.read_resource(uri)
    return found.contents[0].mime_type, text_in(found)


async def refusal(client: Client, uri: str) -> tuple[int, str]:
    with pytest.raises(MCPError) as raised:
        await client.read_resource(uri)
    return raised.value.error.code, raised.value.error.message


async def documents_of(client: Client) -> list[Resource]:
    """What is listed of Provena; pages for MCP Apps and files of skills stand in the same list."""
    listed = (await client.list_resources()).resources
    return [resource for resource in listed if str(resource.uri).startswith("provena://")]


@BOTH_ERAS
@pytest.mark.asyncio
async def test_every_document_kind_has_its_template(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        listed = (await client.list_resource_templates()).resource_templates
    assert {template.uri_template: template.mime_type for template in listed} == {
        "provena://item/{+id}": "application/json",
        "provena://lineage/{query}/{+id}{?depth}": "application/json",
        "provena://diagram/{query}/{+id}{?to,depth}": "text/vnd.mermaid",
        "provena://picture/{query}/{+id}{?to,depth}": "text/html",
        "provena://figure/{query}/{+id}{?to,depth}": "image/svg+xml",
        "provena://prov/json/{+id}": "application/json",
        "provena://prov/provn/{+id}": "text/provenance-notation",
        "provena://prov/ttl/{+id}": "text/turtle",
        "provena://prov/{format}/{+id}": "text/plain",
        "provena://crate/{kind}/{+id}{?depth}": "application/ld+json",
        "provena://crate-zip/{kind}/{+id}{?depth,beside}": "application/zip",
        "provena://citation/cff/{+id}": "application/yaml",
        "provena://citation/bibtex/{+id}": "application/x-bibtex",
        "provena://citation/datacite/{+id}": "application/vnd.datacite.datacite+json",
        "provena://citation/credits/{+id}": "text/markdown",
        "provena://citation/{format}/{+id}": "text/plain",
        "provena://dossier/{+id}": "application/zip",
        "provena://csv-template/{+workflow_template_id}": "text/csv",
        "provena://csv-batch/{batch_id}": "text/csv",
        "provena://report/{item_subtype}/{depth}/{+id}{?session_id}": (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        ),
    }


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_few_documents_are_listed_and_say_what_answers_and_what_is_in_them(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        listed = await documents_of(client)
        templates = (await client.list_resource_templates()).resource_templates
        read_as = {str(resource.uri): await read(client, str(resource.uri)) for resource in listed}
    assert [(resource.name, resource.mime_type) for resource in listed] == [
        ("about", "text/markdown"),
        ("formats", "text/markdown"),
    ]
    about, formats = read_as["provena://about"], read_as["provena://formats"]
    assert (about[0], formats[0]) == ("text/markdown", "text/markdown")
    assert "SAMPLE world" in about[1]
    assert all(template.uri_template in about[1] for template in templates)
    kinds = {template.uri_template.removeprefix("provena://").partition("/")[0] for template in templates}
    assert all(f"`provena://{kind}/" in formats[1] for kind in kinds)


@BOTH_ERAS
@pytest.mark.asyncio
async def test_documents_that_were_made_or_read_are_listed_newest_first(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        for uri in ("provena://about", f"provena://prov/ttl/{RUN}", f"provena://item/{RUN}"):
            await client.read_resource(uri)
        await client.call_tool("open_document", {"uri": f"provena://prov/ttl/{RUN}"})
        await client.call_tool("open_document", {"uri": "provena://item/sample/0"})
        report = await client.call_tool("generate_report", {"id": RUN})
        recent = (await documents_of(client))[2:]
    assert report.structured_content is not None
    assert [(str(resource.uri), resource.mime_type, resource.title) for resource in recent] == [
        (
            report.structured_content["uri"],
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            f"Recent: report/MODEL_RUN/1/{RUN}",
        ),
        (f"provena://prov/ttl/{RUN}", "text/turtle", f"Recent: prov/ttl/{RUN}"),
        (f"provena://item/{RUN}", "application/json", f"Recent: item/{RUN}"),
    ]


@pytest.mark.asyncio
async def test_at_most_ten_recent_documents_are_listed(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        for number in range(11, 25):
            await client.read_resource(f"provena://item/sample/10000{number}")
        recent = (await documents_of(client))[2:]
    assert [str(resource.uri) for resource in recent] == [
        f"provena://item/sample/10000{number}" for number in range(24, 14, -1)
    ]


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_run_is_w3c_prov_that_reads_back_as_the_same_document(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        as_json, as_turtle, as_notation = [
            await read(client, f"provena://prov/{wanted}/{RUN}") for wanted in ("json", "ttl", "provn")
        ]
    assert (as_json[0], as_turtle[0], as_notation[0]) == (
        "application/json",
        "text/turtle",
        "text/provenance-notation",
    )
    document = ProvDocument.deserialize(content=as_json[1], format="json")
    assert ProvDocument.deserialize(content=as_turtle[1], format="rdf", rdf_format="ttl") == document
    assert as_notation[1] == document.get_provn() + "\n"
    assert len([*document.get_records()]) > 20


@pytest.mark.asyncio
async def test_a_run_without_a_stored_document_is_what_its_record_asserts(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        _, stored = await read(client, f"provena://prov/json/{RUN}")
        raw = json.loads((await read(client, f"provena://item/{RUN}"))[1])
        template = json.loads((await read(client, "provena://item/sample/1000011"))[1])
        raw.pop("prov_serialisation")
        answers = iter([raw, template])

        async def without(request: httpx.Request, send: Send) -> httpx.Response:
            answered = answering(200, {"status": {"success": True, "details": ""}, "item": next(answers)})
            return await answered(request, send)

        wire.spoilt["/registry-api/registry/general/fetch"] = without
        _, asserted = await read(client, f"provena://prov/json/{RUN}")
    assert ProvDocument.deserialize(content=asserted, format="json") == ProvDocument.deserialize(
        content=stored, format="json"
    )


@pytest.mark.asyncio
async def test_only_model_runs_are_w3c_prov(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        dataset = await refusal(client, "provena://prov/json/sample/1000041")
        picture = await refusal(client, f"provena://prov/svg/{RUN}")
    assert dataset[0] == picture[0] == -32602
    assert dataset[1].startswith(
        "'sample/1000041' is of subtype DATASET; PROV documents are made of model runs."
    )
    assert picture[1] == "'svg' is not a format of PROV documents. Use json, provn, ttl."


@pytest.mark.asyncio
async def test_an_item_with_its_slash_encoded_is_the_same_item(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        plain = await read(client, f"provena://item/{RUN}")
        encoded = await read(client, f"provena://item/{RUN.replace('/', '%2F')}")
    assert plain == encoded
    assert json.loads(plain[1])["id"] == RUN


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (f"provena://lineage/upstream/{RUN}?depth=0", "depth is 1 to 100 hops, not '0'."),
        (f"provena://lineage/upstream/{RUN}?depth={'9' * 5000}", "depth is 1 to 100 hops, not '9999"),
        (f"provena://diagram/upstream/{RUN}?depth=many", "depth is 1 to 100 hops, not 'many'."),
        (f"provena://report/MODEL_RUN/4/{RUN}", "depth is 1 to 3 hops, not '4'."),
        (f"provena://report/DATASET/1/{RUN}", "There is no report on items of subtype 'DATASET'."),
        (f"provena://lineage/sideways/{RUN}", "'sideways' is not a lineage query."),
        ("provena://item/sample/9", "There is no registered item 'sample/9'."),
    ],
)
@pytest.mark.asyncio
async def test_a_uri_that_cannot_be_answered_says_why(tmp_path: Path, uri: str, message: str):
    async with sample_client(tmp_path) as client:
        code, text = await refusal(client, uri)
    assert code == -32602
    assert text.startswith(message)


@pytest.mark.asyncio
async def test_a_failure_of_the_deployment_is_not_the_uris_fault(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt["/registry-api/registry/general/fetch"] = answering(503, {"detail": "down"})
        code, _ = await refusal(client, f"provena://item/{RUN}")
    assert code == -32603


@BOTH_ERAS
@pytest.mark.asyncio
@pytest.mark.parametrize("query", ["upstream", "effected_agents", "impact", "path"])
async def test_a_lineage_a_path_and_an_impact_are_drawn_as_a_page_and_as_a_figure(
    tmp_path: Path, era: str, query: str
):
    item, to = ("sample/1000117", "&to=sample/1000039") if query == "path" else ("sample/1000039", "")
    async with sample_client(tmp_path, era) as client:
        page_type, page = await read(client, f"provena://picture/{query}/{item}?depth=12{to}")
        drawing_type, drawing = await read(client, f"provena://figure/{query}/{item}?depth=12{to}")
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert (page_type, drawing_type) == ("text/html", "image/svg+xml")
    assert item in data["starts"]
    assert all(each["id"] in page for each in data["items"])
    assert drawing.startswith("<svg ")
    assert drawing.rstrip().endswith("</svg>")

"""An empty CSV for the runs of a workflow template."""

from pathlib import Path

import pytest

from tests.worlds.deployment import answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client, text_in
from tests.worlds.sample_csv import GOOD, TEMPLATE, a_csv


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_template_is_the_file_byte_for_byte_here_and_as_a_resource_and_saved(
    tmp_path: Path, era: str
):
    async with sample_client(tmp_path, era) as client:
        made = await call(client, "generate_csv_template", workflow_template_id=TEMPLATE, save_as="runs.csv")
        resource = await client.read_resource(made["uri"])
    assert made["csv"] == a_csv()
    assert (made["uri"], made["columns"]) == (f"provena://csv-template/{TEMPLATE}", len(GOOD))
    assert (resource.contents[0].mime_type, text_in(resource)) == ("text/csv", a_csv())
    assert Path(made["saved_to"]).read_bytes() == a_csv().encode()


@pytest.mark.asyncio
async def test_what_is_no_workflow_template_has_no_csv(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        model = await failure(client, "generate_csv_template", workflow_template_id="sample/1000006")
        nothing = await failure(client, "generate_csv_template", workflow_template_id="sample/9")
    assert (model["kind"], nothing["kind"]) == ("WrongSubtype", "NotFound")


@pytest.mark.asyncio
async def test_a_template_whose_columns_would_share_a_name_is_explained(tmp_path: Path):
    detail = {"detail": "Cannot generate CSV template with duplicate headers: ['Input resource: file']"}
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt["/prov-api/bulk/generate_template/csv"] = answering(500, detail)
        error = await failure(client, "generate_csv_template", workflow_template_id=TEMPLATE)
    assert (error["kind"], error["fault"]) == ("Rejected", "caller")
    assert error["message"].startswith("This workflow template can have no CSV: two of its dataset templates")

"""Documents saved for the user: under which names, and byte for byte."""

import os
import stat
from pathlib import Path

import pytest

from tests.worlds.deployment import provena, server
from tests.worlds.sample import call, failure, sample_client, text_in

RUN = "sample/1000042"
GENERATE = "/prov-api/explore/generate/report"


@pytest.mark.asyncio
async def test_a_file_name_that_cannot_be_used_is_refused_before_a_report_is_begun(tmp_path: Path):
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "there.docx").write_bytes(b"kept")
    async with provena(tmp_path) as wire, server(wire, output_dir=str(tmp_path / "saved")) as client:
        names = [
            "../out.docx",
            "/tmp/out.docx",
            "there.docx",
            ".hidden",
            "con.docx",
            "com¹.docx",
            "LPT³ .docx",
            *("CON", "nul .docx", "Aux.docx", "com1", "PRN.tar.docx"),
            *(
                "report.docx.",
                "report.docx ",
                "report.",
                "report ",
                "report\0.docx",
                "report.docx:x",
                "report\n",
            ),
        ]
        names += [
            f"report.{ending}"
            for ending in ("bat", "lnk", "LNK", "desktop", "url", "txt", "docx.exe", "docx .bat")
        ]
        errors = [await failure(client, "generate_report", id=RUN, save_as=name) for name in names]
    assert {error["kind"] for error in errors} == {"FileRefused"}
    assert wire.count(GENERATE) == 0
    assert (tmp_path / "saved" / "there.docx").read_bytes() == b"kept"


@pytest.mark.asyncio
async def test_where_saving_is_off_save_as_is_refused(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, output_dir="off") as client:
        error = await failure(client, "open_document", uri=f"provena://item/{RUN}", save_as="item.json")
    assert error["message"] == "Saving files is switched off here."


@pytest.mark.asyncio
async def test_a_document_is_saved_byte_for_byte(tmp_path: Path):
    uri = f"provena://prov/ttl/{RUN}"
    async with sample_client(tmp_path) as client:
        whole = text_in(await client.read_resource(uri))
        saved = await call(client, "open_document", uri=uri, save_as="run.ttl")
    assert Path(saved["saved_to"]).read_bytes() == whole.encode()
    assert os.name != "posix" or stat.S_IMODE(Path(saved["saved_to"]).stat().st_mode) == 0o600
    assert saved == {
        "uri": uri,
        "mime_type": "text/turtle",
        "bytes": len(whole.encode()),
        "saved_to": str(tmp_path / "saved" / "run.ttl"),
    }


@pytest.mark.asyncio
async def test_a_name_without_an_ending_gets_that_of_the_document(tmp_path: Path):
    asked = {
        "run": f"provena://item/{RUN}",
        "lineage 1.2": f"provena://lineage/upstream/{RUN}?depth=1",
        "drawing": f"provena://diagram/upstream/{RUN}?depth=1",
        "prov": f"provena://prov/ttl/{RUN}",
        "rows": "provena://csv-template/sample/1000011",
        "RUN 2.JSON": f"provena://item/{RUN}",
    }
    async with sample_client(tmp_path) as client:
        saved = [await call(client, "open_document", uri=uri, save_as=name) for name, uri in asked.items()]
        saved.append(await call(client, "generate_report", id=RUN, save_as="study"))
        saved.append(
            await call(client, "generate_csv_template", workflow_template_id="sample/1000011", save_as="runs")
        )
        again = await failure(client, "generate_report", id=RUN, save_as="study")
    assert [Path(each["saved_to"]).name for each in saved] == [
        "run.json",
        "lineage 1.2.json",
        "drawing.mmd",
        "prov.ttl",
        "rows.csv",
        "RUN 2.JSON",
        "study.docx",
        "runs.csv",
    ]
    assert again["message"] == "'study.docx' exists already and is not overwritten."

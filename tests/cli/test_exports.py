"""Taking lineages out at the command line: whole or not at all, and never over anything else."""

import json
import os
import re
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from tests.cli.command_line import CommandLine
from tests.worlds.sample_store import sample_store

RUN = "sample/1000042"


def test_a_crate_is_a_folder_or_a_zip_and_replaces_only_an_earlier_export(run: CommandLine):
    made = run("export-crate", RUN, "-o", "crate", "--sample", "--prov")
    again = run("export-crate", RUN, "-o", "crate", "--sample")
    replaced = run("export-crate", RUN, "-o", "crate", "--sample", "--force", "--depth", "1")
    zipped = run("export-crate", RUN, "-o", "crate.zip", "--sample")
    assert (made.returncode, made.stdout) == (0, "crate: 5 files\n")
    assert (again.returncode, again.stderr) == (
        2,
        "provena-mcp: 'crate' is there already.\nChoose another place, or replace it with --force.\n",
    )
    assert (replaced.returncode, zipped.returncode) == (0, 0)
    assert sorted(path.name for path in (run.folder / "crate").iterdir()) == [
        ".provena-export",
        "README.md",
        "ro-crate-metadata.json",
        "workflow.cwl",
    ]
    assert (run.folder / "crate.zip").read_bytes().startswith(b"PK")
    assert not [path for path in run.folder.iterdir() if path.name.startswith(".crate")]


def test_what_is_no_export_is_left_alone_even_when_forced(run: CommandLine):
    thesis = run.folder / "thesis"
    thesis.mkdir()
    (thesis / "chapter.tex").write_text("all of it")
    (run.folder / "link").symlink_to(thesis, target_is_directory=True)
    for place in ("thesis", "link"):
        refused = run("export-crate", RUN, "-o", place, "--sample", "--force")
        assert refused.returncode == 2
        assert "this is no export, and is left alone" in refused.stderr
    assert [path.name for path in thesis.iterdir()] == ["chapter.tex"]


def test_a_crate_of_ones_own_is_no_export(run: CommandLine):
    own = {"ro-crate-metadata.json": "{}", "crate/ro-crate-metadata.json": "{}", "data.csv": "mine"}
    for name, content in own.items():
        (run.folder / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (run.folder / "own" / name).write_text(content)
    for command in ("export-crate", "dossier"):
        refused = run(command, "sample/1000036", "-o", "own", "--sample", "--force")
        assert (refused.returncode, refused.stderr) == (
            2,
            "provena-mcp: 'own' is there already.\n"
            "Choose another place: this is no export, and is left alone.\n",
        )
    assert _contents(run.folder / "own") == own


def test_what_was_added_to_an_export_or_edited_in_it_is_not_replaced(run: CommandLine, tmp_path: Path):
    run("export-crate", RUN, "-o", "crate", "--sample")
    crate = run.folder / "crate"
    (crate / "README.md").write_text("my words")
    (crate / "notes").mkdir()
    (crate / "notes/today.txt").write_text("mine")
    (crate / "data").symlink_to(tmp_path, target_is_directory=True)
    (crate / "workflow.cwl").rename(crate / "moved.cwl")
    (crate / ".DS_Store").write_text("of a file manager")
    refused = run("export-crate", RUN, "-o", "crate", "--sample", "--force")
    assert (refused.returncode, refused.stderr) == (
        2,
        "provena-mcp: 'crate' holds what the export did not write so: 'README.md', 'data', 'moved.cwl' "
        "and 1 more.\nMove that elsewhere, or choose another place.\n",
    )
    for name in ("README.md", "data", "moved.cwl", "notes/today.txt"):
        (crate / name).unlink()
    assert run("export-crate", RUN, "-o", "crate", "--sample", "--force").returncode == 0
    assert not (crate / ".DS_Store").exists()


@pytest.mark.parametrize("refuses", [0, 1], ids=["and can be put back", "and cannot be put back"])
def test_an_export_interrupted_while_it_replaces_another_loses_nothing(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, refuses: int
):
    run("export-crate", RUN, "-o", "crate", "--sample")
    earlier, rename, moves = _contents(run.folder / "crate"), os.rename, []

    def interrupted(source: Path, target: Path) -> None:
        moves.append(source)
        if len(moves) == 2:
            raise KeyboardInterrupt
        if len(moves) == 3 and refuses:
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "rename", interrupted)
    ended = run("export-crate", RUN, "-o", "crate", "--sample", "--force", "--depth", "1")
    assert ended.returncode != 0
    beside = [path for path in run.folder.iterdir() if path.name.startswith(".crate-")]
    if refuses:
        (former,) = (path / "old" for path in beside)
        assert f"What was there is in '{former.relative_to(run.folder)}' now: move it back." in ended.stderr
    else:
        former = run.folder / "crate"
        assert beside == []
    assert _contents(former) == earlier


@pytest.mark.skipif(os.name != "posix", reason="the rights of files are those of POSIX")
def test_whatever_a_command_writes_to_a_file_is_for_its_owners_eyes_only(run: CommandLine, tmp_path: Path):
    before = os.umask(0)
    try:
        done = [
            run("export-crate", RUN, "-o", "crate", "--sample", "--prov"),
            run("export-crate", RUN, "-o", "crate.zip", "--sample"),
            run("dossier", "sample/1000036", "-o", "dossier", "--sample"),
            run("show", RUN, "-o", "lineage.html", "--sample"),
            run("show", RUN, "-o", "lineage.svg", "--sample"),
            run("local", "export", "all.json", "--store", str(_any_store(run.folder))),
        ]
    finally:
        os.umask(before)
    written = [
        path
        for name in ("crate", "crate.zip", "dossier", "lineage.html", "lineage.svg", "all.json")
        for path in (run.folder / name, *(run.folder / name).rglob("*"))
        if path.is_file()
    ]
    assert [each.returncode for each in done] == [0] * len(done), done
    assert {oct(path.stat().st_mode & 0o777) for path in written} == {"0o600"}
    assert len(written) > 10


def _any_store(folder: Path) -> Path:
    path = folder / "any.sqlite3"
    sample_store(path).close()
    return path


def test_there_is_no_crate_of_a_person_and_no_report_on_a_dataset(run: CommandLine):
    person = run("export-crate", "sample/1000001", "-o", "crate", "--sample")
    dataset = run("export-crate", "sample/1000012", "-o", "crate", "--sample", "--report")
    assert (person.returncode, person.stderr) == (
        2,
        "provena-mcp: 'sample/1000001' is of subtype PERSON; there are crates of run, study, dataset.\n",
    )
    assert (dataset.returncode, "There is no report on items of subtype 'DATASET'" in dataset.stderr) == (
        2,
        True,
    )
    assert not (run.folder / "crate").exists()


def test_a_folder_that_cannot_be_written_is_named(run: CommandLine):
    Path(run.folder / "file").write_text("")
    refused = run("export-crate", RUN, "-o", "file/crate", "--sample")
    assert refused.returncode == 2
    assert "'file/crate' cannot be written:" in refused.stderr


def test_a_dossier_lists_all_that_is_in_it_and_what_is_not_with_checksums(run: CommandLine):
    made = run("dossier", "sample/1000036", "-o", "review", "--sample")
    review = run.folder / "review"
    files = {path.relative_to(review).as_posix(): path for path in review.rglob("*") if path.is_file()}
    files.pop(".provena-export")
    page, told = files["index.html"].read_text(), files["README.txt"].read_text()
    listed = {line.partition("  ")[0] for line in told.partition("Not in here:")[0].splitlines()[3:] if line}
    sums = dict(line.split("  ")[::-1] for line in files.pop("SHA256SUMS").read_text().splitlines())
    assert (made.returncode, made.stdout) == (0, f"review: {len(files) + 1} files\n")
    assert {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == sums
    assert listed == set(re.findall(r'<a href="([^"]+)">', page))
    assert listed == {
        "report.docx",
        "audit/audit.txt",
        "audit/audit.json",
        "pictures/whole.html",
        "pictures/whole.svg",
        "pictures/result-1.html",
        "pictures/result-2.html",
        "citations/CITATION.cff",
        "citations/citation.bib",
        "citations/datacite.json",
        "citations/credits.txt",
        "tables/runs.csv",
        "tables/datasets.csv",
        "crate/README.md",
    }
    assert listed <= files.keys()
    assert "\ncontents of datasets: the registry holds descriptions; the files lie where url says\n" in told
    assert "<li>contents of datasets: the registry holds descriptions" in page
    assert "http-equiv" in page
    assert "<script" not in page


def test_a_study_without_runs_has_a_dossier_too_and_a_person_has_none(run: CommandLine):
    study = run("local", "load", _empty_study(run.folder))
    made = run("dossier", "10378.1/1", "-o", "review.zip")
    person = run("dossier", "sample/1000001", "-o", "person", "--sample")
    assert (study.returncode, made.returncode) == (0, 0)
    with ZipFile(run.folder / "review.zip") as archive:
        assert "None is recorded." in archive.read("crate/README.md").decode()
        assert archive.read("tables/runs.csv").decode().count("\n") == 1
    assert (person.returncode, (run.folder / "person").exists()) == (2, False)
    assert "is of subtype PERSON, not a run, study or dataset." in person.stderr


def test_a_citation_is_printed_as_it_is_written(run: CommandLine):
    in_words = run("cite", RUN, "--sample")
    as_file = run("cite", RUN, "-f", "cff", "--sample")
    assert (in_words.returncode, in_words.stderr) == (0, "")
    assert in_words.stdout.startswith("# To cite for Hindcast currents 2016-2017\n")
    assert yaml.safe_load(as_file.stdout)["title"] == "Hindcast currents 2016-2017"


def _contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def _empty_study(folder: Path) -> str:
    study = {
        "id": "10378.1/1",
        "item_category": "ACTIVITY",
        "item_subtype": "STUDY",
        "record_type": "COMPLETE_ITEM",
        "display_name": "Nothing yet",
        "title": "Nothing yet",
        "description": "To come.",
        "owner_username": "somebody",
        "created_timestamp": 1_600_000_000,
        "updated_timestamp": 1_600_000_000,
    }
    path = folder / "items.json"
    path.write_text(json.dumps([study]))
    return str(path)

"""Taking lineages out at the command line: whole or not at all, and never over anything else."""

from pathlib import Path

from tests.cli.command_line import CommandLine

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

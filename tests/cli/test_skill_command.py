"""``provena-mcp skill``: shown, or written where an assistant looks for it."""

from __future__ import annotations

from provena_mcp.skills.published import read_skill

SKILL = read_skill("provena")


def test_it_is_shown(run):
    told = run("skill")
    assert (told.returncode, told.stdout, told.stderr) == (0, SKILL.files[0].content.decode(), "")


def test_it_is_written_with_all_its_files_and_twice_is_once(run, tmp_path):
    for _ in range(2):
        told = run("skill", "made/skills")
        assert (told.returncode, told.stdout, told.stderr) == (0, "made/skills/provena\n", "")
    made = tmp_path / "made/skills/provena"
    written = {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*.md")}
    assert written == {file.path: file.content for file in SKILL.files}


def test_a_file_that_says_something_else_is_replaced_only_when_asked(run, tmp_path):
    mine = tmp_path / "provena/SKILL.md"
    mine.parent.mkdir()
    mine.write_text("my own", encoding="utf-8")
    told = run("skill", ".")
    assert (told.returncode, told.stdout) == (2, "")
    assert "--force" in told.stderr
    assert mine.read_text("utf-8") == "my own"
    assert run("skill", ".", "--force").returncode == 0
    assert mine.read_bytes() == SKILL.files[0].content

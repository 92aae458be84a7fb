"""``provena-mcp skill``: what an assistant should know of Provena, shown or written to a folder."""

from __future__ import annotations

from pathlib import Path

from provena_mcp.errors import FileRefusedError
from provena_mcp.skills.published import SKILLS, read_skill


def skill_text() -> str:
    """The skill's main file."""
    return read_skill(SKILLS[0]).files[0].content.decode()


def write_skills(folder: Path, *, replace: bool) -> list[Path]:
    """Write each skill to a folder of its name in ``folder``; where each is.

    Files that are there already and say the same are left alone.

    Raises:
        FileRefusedError: A file says something else and may not be replaced, or cannot be written.
    """
    skills = [read_skill(name) for name in SKILLS]
    wanted = {folder / skill.name / file.path: file.content for skill in skills for file in skill.files}
    try:
        other = [path for path, content in wanted.items() if path.exists() and path.read_bytes() != content]
        if other and not replace:
            raise FileRefusedError(
                f"{str(other[0])!r} is there and says something else.",
                advice="It may be of another version, or changed by somebody: --force replaces it.",
            )
        for path, content in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise FileRefusedError(f"{error.filename!r} cannot be written: {error.strerror}.") from None
    return [folder / skill.name for skill in skills]

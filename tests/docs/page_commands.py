"""The commands that pages tell readers to type, and a machine with stand-ins for what they name."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r'^```(\S*)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_SCHEDULE = re.compile(r"^(?:\S+ ){5}(?=\S)", re.MULTILINE)
_AFTER_LINE = '\necho "$?" >> "$ENDED_WITH"\n'

# What sends a job, runs a step, sends a mail.
_STAND_INS = {
    "sbatch": 'exec true "$@"',
    "srun": 'exec "$@"',
    "mail": "exec cat",
    # Somebody at a desk logs in and ends what goes on serving; all else ends by itself.
    "provena-mcp": f'''case " $* " in
" login "* | *" serve "*"--port "*) exec "{sys.executable}" "{ROOT / "tests/docs/typed.py"}" "$@" ;;
*) exec "{sys.executable}" -m provena_mcp "$@" ;;
esac''',
}
_FILES = {
    "model.py": "open('flow.csv', 'w').write(open('rain.csv').read())",
    "model": "#!/bin/sh\ncat rain.csv > flow.nc\n",
    "run.sh": "true\n",
    "rain.csv": "1.0\n2.5\n",
    "forcing/wind.nc": "3\n",
}


@dataclass(frozen=True)
class Block:
    """What stands between fences: its language, the file that it is to be, its text."""

    page: str
    language: str
    title: str
    text: str

    def lines(self) -> list[str]:
        """The commands of a block for a shell, those over several lines as one."""
        text = self.text.replace("\\\n", " ")
        if self.language == "crontab":
            text = _SCHEDULE.sub("", text).replace(r"\%", "%")
        return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def blocks() -> Iterator[Block]:
    """All of all pages."""
    for page in PAGES:
        for language, title, text in _BLOCK.findall(page.read_text("utf-8")):
            yield Block(str(page.relative_to(ROOT)), language, title, text)


class Terminal:
    """A folder and a home in which a page's commands are typed one after another."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        """Lay out files that pages name; ``settings`` lead to a deployment, if there is one."""
        self.folder, programs = folder, folder / "programs"
        scripts = {f"programs/{name}": f"#!/bin/sh\n{line}\n" for name, line in _STAND_INS.items()}
        for name, text in (_FILES | scripts).items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        # Nobody's keyring, no window.
        self.settings = settings | {
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "BROWSER": "true",
        }
        others = ("PROVENA_", "XDG_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        self.environment = kept | {
            "PATH": os.pathsep.join((str(programs), str(Path(sys.executable).parent), os.defpath)),
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
            **self.settings,
        }

    def type(self, lines: list[str]) -> tuple[list[int], str]:
        """Type lines into one shell; the exit code of each, and what was said on stderr."""
        ended_with = self.folder / "ended-with"
        ended_with.write_text("")
        with subprocess.Popen(
            # A script's 'exit' would end the shell that the next line is typed into.
            ["bash", "-c", "exit() { return 1; }\n" + "".join(line + _AFTER_LINE for line in lines)],
            cwd=self.folder,
            env=self.environment | {"ENDED_WITH": str(ended_with)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as shell:
            try:
                _, said = shell.communicate(timeout=120)
            finally:
                # What it started and left behind, a server perhaps, goes with it.
                with suppress(ProcessLookupError):
                    os.killpg(shell.pid, signal.SIGKILL)
        return [int(code) for code in ended_with.read_text().split()], said

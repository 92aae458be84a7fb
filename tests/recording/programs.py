"""Small programs of which it is known what they read and write: what observing them has to find."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

PYTHON = sys.executable


@dataclass(frozen=True)
class Program:
    """A program in files, its command line, and the truth about it; paths are relative to its folder.

    ``reads`` are data of before the run, ``code`` is its own program text, ``writes`` what is left changed.
    """

    name: str
    kind: str
    command: tuple[str, ...]
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    code: frozenset[str] = frozenset()
    files: dict[str, str] = field(default_factory=dict)
    compiled: str | None = None

    def put_into(self, folder: Path) -> None:
        """Write the program and its data into an empty ``folder``, compiled where it has to be."""
        for name, text in ({"in.csv": "a,b\n1,2\n", "more.csv": "3,4\n"} | self.files).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        if self.compiled is not None:
            source = folder.parent / f"{folder.name}.c"
            source.write_text(self.compiled)
            import subprocess

            subprocess.run(["cc", "-O1", "-pthread", "-o", folder / "prog", source], check=True)

    @property
    def can_run(self) -> bool:
        """Whether this machine has what it needs."""
        return self.compiled is None or shutil.which("cc") is not None


def _python(
    name: str, text: str, reads: set[str], writes: set[str], beside: dict[str, str] | None = None
) -> Program:
    files = {"model.py": text, **(beside or {})}
    code = {file for file in files if file.endswith(".py")}
    return Program(
        name, "Python", (PYTHON, "model.py"), frozenset(reads), frozenset(writes), frozenset(code), files
    )


def _shell(name: str, text: str, reads: set[str], writes: set[str]) -> Program:
    return Program(
        name,
        "shell",
        ("sh", "steps.sh"),
        frozenset(reads),
        frozenset(writes),
        frozenset({"steps.sh"}),
        {"steps.sh": text},
    )


def _c(name: str, body: str, reads: set[str], writes: set[str]) -> Program:
    text = (
        "#define _GNU_SOURCE\n#include <fcntl.h>\n#include <pthread.h>\n#include <stdio.h>\n"
        "#include <sys/mman.h>\n#include <sys/stat.h>\n#include <sys/wait.h>\n#include <unistd.h>\n" + body
    )
    return Program(name, "compiled", ("./prog",), frozenset(reads), frozenset(writes), compiled=text)


PROGRAMS = (
    _python(
        "reads one file, writes one",
        'open("out.txt", "w").write(open("in.csv").read().upper())\n',
        {"in.csv"},
        {"out.txt"},
    ),
    _python(
        "imports a module of its own",
        'import helper\nopen("out.txt", "w").write(helper.load())\n',
        {"in.csv"},
        {"out.txt"},
        {"helper.py": 'def load():\n    return open("in.csv").read()\n'},
    ),
    _python(
        "starts a Python of its own",
        "import subprocess, sys\n"
        "step = \"open('out.txt', 'w').write(open('in.csv').read())\"\n"
        'subprocess.run([sys.executable, "-c", step], check=True)\n'
        'open("done.txt", "w").write("ok")\n',
        {"in.csv"},
        {"out.txt", "done.txt"},
    ),
    _python(
        "starts a program that is not Python",
        'import subprocess\nsubprocess.run("sort in.csv > sorted.txt", shell=True, check=True)\n'
        'open("out.txt", "w").write(open("sorted.txt").read())\n',
        {"in.csv"},
        {"sorted.txt", "out.txt"},
    ),
    _python(
        "works in threads",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def work(n):\n"
        '    open(f"part{n}.txt", "w").write(open("in.csv").read() * n)\n'
        "with ThreadPoolExecutor(4) as pool:\n    list(pool.map(work, range(1, 5)))\n",
        {"in.csv"},
        {"part1.txt", "part2.txt", "part3.txt", "part4.txt"},
    ),
    _python(
        "works in forked processes",
        "import os\n"
        "for n in (1, 2):\n"
        "    if os.fork() == 0:\n"
        '        open(f"part{n}.txt", "w").write(open("in.csv").read())\n'
        "        os._exit(0)\n"
        "os.wait(); os.wait()\n",
        {"in.csv"},
        {"part1.txt", "part2.txt"},
    ),
    _python(
        "writes aside and renames into place",
        'import os\nopen("out.tmp", "w").write(open("in.csv").read())\nos.replace("out.tmp", "out.txt")\n',
        {"in.csv"},
        {"out.txt"},
    ),
    _python(
        "maps a file into memory and changes it",
        "import mmap, os\n"
        'with open("state.bin", "r+b") as file, mmap.mmap(file.fileno(), 0) as view:\n'
        '    view[0:2] = b"zz"\n',
        {"state.bin"},
        {"state.bin"},
        {"state.bin": "0123456789"},
    ),
    _python(
        "makes a file without a name and links it",
        "import os\n"
        'file = os.open(".", os.O_TMPFILE | os.O_WRONLY, 0o600)\n'
        'os.write(file, open("in.csv", "rb").read())\n'
        'os.link(f"/proc/self/fd/{file}", "out.txt", src_dir_fd=os.open("/", os.O_RDONLY))\n',
        {"in.csv"},
        {"out.txt"},
    ),
    _python(
        "looks for what is not there, appends nothing",
        "import os\n"
        'for name in ("none.csv", "folder"):\n'
        "    try:\n        open(name).read()\n    except OSError:\n        pass\n"
        'open("more.csv", "a").close()\n'
        'open("scratch.tmp", "w").write("x")\nos.remove("scratch.tmp")\n'
        'open("out.txt", "w").write(open("in.csv").read())\n',
        {"in.csv"},
        {"out.txt"},
        {"folder/inside.txt": "x"},
    ),
    _python(
        "keeps its results in SQLite",
        "import sqlite3\n"
        'rows = open("in.csv").read().split()\n'
        'base = sqlite3.connect("out.db")\n'
        'base.execute("create table t (x)")\n'
        'base.executemany("insert into t values (?)", [(row,) for row in rows])\n'
        "base.commit(); base.close()\n",
        {"in.csv"},
        {"out.db"},
    ),
    _python(
        "reads past Python, in C",
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\nlibc.fopen.restype = ctypes.c_void_p\n"
        'file = libc.fopen(b"in.csv", b"r")\nlibc.fclose(ctypes.c_void_p(file))\n'
        'open("out.txt", "w").write("read in C")\n',
        {"in.csv"},
        {"out.txt"},
    ),
    _shell("joins two files", "cat in.csv more.csv > out.txt\n", {"in.csv", "more.csv"}, {"out.txt"}),
    _shell(
        "pipes through four programs",
        "sort in.csv | uniq | tr a-z A-Z > out.txt\nwc -l < out.txt > count.txt\n",
        {"in.csv"},
        {"out.txt", "count.txt"},
    ),
    _shell(
        "changes folder, copies and moves",
        "mkdir work\ncp in.csv work/a.txt\ncd work\nmv a.txt b.txt\ncat b.txt ../more.csv > ../out.txt\n",
        {"in.csv", "more.csv"},
        {"work/b.txt", "out.txt"},
    ),
    _shell("rewrites an input in place", "sed -i s/1/9/ in.csv\n", {"in.csv"}, {"in.csv"}),
    _shell("removes its input", "cat in.csv > out.txt\nrm in.csv\n", {"in.csv"}, {"out.txt"}),
    _c(
        "reads and writes with stdio",
        'int main(void) { char b[99]; FILE *i = fopen("in.csv", "r"), *o = fopen("out.txt", "w");\n'
        "  size_t n = fread(b, 1, 99, i); fwrite(b, 1, n, o); fclose(o); fclose(i); return 0; }\n",
        {"in.csv"},
        {"out.txt"},
    ),
    _c(
        "maps its input and works in threads",
        "static char *data; static long size;\n"
        'static void *work(void *n) { char name[] = "part0.txt"; name[4] += (long)n;\n'
        '  FILE *o = fopen(name, "w"); fwrite(data, 1, size, o); fclose(o); return 0; }\n'
        'int main(void) { struct stat s; int i = open("in.csv", O_RDONLY); fstat(i, &s); size = s.st_size;\n'
        "  data = mmap(0, size, PROT_READ, MAP_PRIVATE, i, 0); close(i); pthread_t t[2];\n"
        "  for (long n = 0; n < 2; n++) pthread_create(&t[n], 0, work, (void *)(n + 1));\n"
        "  for (int n = 0; n < 2; n++) pthread_join(t[n], 0); return 0; }\n",
        {"in.csv"},
        {"part1.txt", "part2.txt"},
    ),
    _c(
        "forks, and links a file without a name",
        "int main(void) { char b[99]; if (fork() == 0) {\n"
        '  int i = open("in.csv", O_RDONLY), o = open(".", O_TMPFILE | O_WRONLY, 0600);\n'
        '  long n = read(i, b, 99); n = write(o, b, n); char p[40]; sprintf(p, "/proc/self/fd/%d", o);\n'
        '  return linkat(AT_FDCWD, p, AT_FDCWD, "out.txt", AT_SYMLINK_FOLLOW); }\n'
        "  int s; wait(&s); return s != 0; }\n",
        {"in.csv"},
        {"out.txt"},
    ),
)

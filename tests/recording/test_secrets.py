"""No secret of a command line is kept; what is none is."""

from __future__ import annotations

import shlex

import pytest

from provena_mcp.recording.secrets import mask_arguments, mask_command, mask_text


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        (["run", "--password=my secret phrase"], ["run", "--password=[masked]"]),
        (["run", "--password=pa,ss&w;rd"], ["run", "--password=[masked]"]),
        (["docker", "-e", "API_KEY=my key"], ["docker", "-e", "API_KEY=[masked]"]),
        (["docker", "--env=API_KEY=my key"], ["docker", "--env=API_KEY=[masked]"]),
        (["env", "PGPASSWORD=abc", "psql"], ["env", "PGPASSWORD=[masked]", "psql"]),
        (["run", "--dbpassword", "abc", "2020"], ["run", "--dbpassword", "[masked]", "2020"]),
        (["curl", "--user", "me:pw", "h"], ["curl", "--user", "[masked]", "h"]),
        (["curl", "-fsSLu", "me:pw", "h"], ["curl", "-fsSLu", "[masked]", "h"]),
        (["curl", "--user=me:pw", "h"], ["curl", "--user=[masked]", "h"]),
        (["curl", "-H", "X-Api-Key: a b"], ["curl", "-H", "X-Api-Key: [masked]"]),
        (["sudo", "/usr/bin/mysql", "-pabc", "db"], ["sudo", "/usr/bin/mysql", "-p[masked]", "db"]),
        (
            ["bash", "-lc", "mysql -pabc db; PGPASSWORD='a b' psql; sshpass -p abc ssh 'the host'"],
            [
                "bash",
                "-lc",
                "mysql -p[masked] db; PGPASSWORD=[masked] psql; sshpass -p [masked] ssh 'the host'",
            ],
        ),
        (["sh", "-c", "curl -H 'Cookie: a=b; c=d' h"], ["sh", "-c", "curl -H 'Cookie: [masked]' h"]),
        (["git", "clone", "https://u:p/w@h/x.git"], ["git", "clone", "https://[masked]@h/x.git"]),
        (["psql", "postgres://u:p@ss@host/db"], ["psql", "postgres://[masked]@host/db"]),
        (["run", '{"password": "a \\" b", "n": 1}'], ["run", '{"password": "[masked]", "n": 1}']),
    ],
)
def test_a_secret_is_masked_to_its_end(command: list[str], kept: list[str]) -> None:
    assert list(mask_arguments(command)) == kept
    line = mask_command(shlex.join(command))
    assert shlex.split(line) == kept or shlex.split(line)[1:] == kept[1:]
    assert mask_command(line) == line


@pytest.mark.parametrize(
    "command",
    [
        ["python", "model.py", "--year", "2020", "--tokens-per-batch", "4", "--title", "It's a run; & more"],
        ["python", "-c", "import model; model.run(year=2020, name='a b')"],
        ["mkdir", "-p", "out/a b", "https://example.org/@scope/data?x=1&y=2"],
        ["curl", "-o", "out.csv", "https://example.org:8443/data"],
        ["sh", "-c", 'for f in *.csv; do sort "$f" > out/$f; done'],
    ],
)
def test_what_is_no_secret_stays_as_it_is(command: list[str]) -> None:
    assert list(mask_arguments(command)) == command
    assert mask_command(shlex.join(command)) == shlex.join(command)


def test_a_quoted_secret_in_running_text_is_masked_to_its_closing_quote() -> None:
    said = "no login with password='my secret phrase', token=abc; and user=me"
    assert mask_text(said) == "no login with password='[masked]', token=[masked]; and user=me"

"""What is masked in command lines and texts before it is written down, and what stays as it is."""

from __future__ import annotations

import shlex

import pytest

from provena_mcp.recording.command_secrets import mask_arguments, mask_command
from provena_mcp.recording.secrets import mask_text, mask_variables

COMMANDS = [
    (["run", "--password=my secret phrase"], "run --password=[masked]"),
    (["run", "--password=pa,ss&w;rd"], "run --password=[masked]"),
    (["run", """--token=a"b'c}d"""], "run --token=[masked]"),
    (["docker", "run", "-e", "API_KEY=my key", "x"], "docker run -e API_KEY=[masked] x"),
    (["docker", "run", "--env=API_KEY=my key", "x"], "docker run --env=API_KEY=[masked] x"),
    (["env", "PGPASSWORD=abc", "psql"], "env PGPASSWORD=[masked] psql"),
    (["load", "--dbpassword", "abc"], "load --dbpassword [masked]"),
    (["load", "--authtoken", "abc", "x.nc"], "load --authtoken [masked] x.nc"),
    (["java", "-Dspring.datasource.password=a b"], "java -Dspring.datasource.password=[masked]"),
    (["curl", "--user", "me:pw", "-o", "x"], "curl --user [masked] -o x"),
    (["curl", "--user=me:pw"], "curl --user=[masked]"),
    (["curl", "-sSu", "me:pw"], "curl -sSu [masked]"),
    (["curl", "-ume:pw"], "curl -u[masked]"),
    (["curl", "-H", "Cookie: a=b; c=d"], "curl -H 'Cookie: [masked]'"),
    (["curl", "-d", '{"password": "a b"}'], """curl -d '{"password": "[masked]"}'"""),
    (["sudo", "mysql", "-pSECRET", "db"], "sudo mysql -p[masked] db"),
    (["flock", "/x", "mysql", "-pSECRET"], "flock /x mysql -p[masked]"),
    (["docker", "exec", "box", "/usr/bin/mysql", "-pSECRET"], "docker exec box /usr/bin/mysql -p[masked]"),
    (["docker", "login", "-u", "me", "-p", "SECRET"], "docker login -u me -p [masked]"),
    (["redis-cli", "-a", "SECRET", "get", "x"], "redis-cli -a [masked] get x"),
    (
        ["aws", "configure", "set", "aws_secret_access_key", "SECRET"],
        "aws configure set aws_secret_access_key [masked]",
    ),
    (["npm", "config", "set", "//hub/:_authToken", "SECRET"], "npm config set //hub/:_authToken [masked]"),
    (["git", "config", "--global", "hub.token", "SECRET"], "git config --global hub.token [masked]"),
    (["aws", "set", "--profile", "p", "api_key", "SECRET"], "aws set --profile p api_key [masked]"),
    (["git", "config", "--global", "url", "u"], "git config --global url u"),
    (["psql", "postgres://u:p@ss@host/db"], "psql postgres://[masked]@host/db"),
    (["git", "clone", "https://u:p/w@h/x.git"], "git clone https://[masked]@h/x.git"),
    (["get", "https://h.org/?token=a,b&year=2020"], "get 'https://h.org/?token=[masked]&year=2020'"),
]

SHELL_STRINGS = [
    ("mysql -pSECRET; sshpass -p hunter2 ssh h", "mysql -p[masked]; sshpass -p [masked] ssh h"),
    ("PGPASSWORD=abc psql -h x | wc -l", "PGPASSWORD=[masked] psql -h x | wc -l"),
    ("cd x && curl -u me:pw h > y", "cd x && curl -u [masked] h > y"),
    ("rows=$(mysql -pSECRET db)", "rows=$(mysql -p[masked] db)"),
    ("true;mysql -pSECRET", "true;mysql -p[masked]"),
    ('run --password "my secret" x', "run --password [masked] x"),
    (r"run --password=my\ secret x", "run --password=[masked] x"),
    ("run --password=pa,ss&w;rd x", "run --password=[masked] x"),
    ("echo don't --password abc", """echo 'dont --password [masked]'"""),
]

INNOCENT = [
    "tokenize.py --tokenize yes",
    "setxkb --keyboard us",
    "run author=Ada authority=x secretary=y",
    "run data/token/rain.csv secrets/readme.md /srv/tokens.csv",
    "train --max-tokens 100 --max-new-tokens=5 --pad-token 0",
    "parameters set token_count 3",
    "filter --low-pass 10 --bandpass 1-2 --bypass yes",
    "run --tokens-per-batch 8 --password-file pw.txt",
    "docker run -p 80:80 -v /run/secrets:/run/secrets:ro -v /a/token:/token hub/token:1",
    "python train.py -p 4 -u x --user ada --db mysql",
    "bash run.sh -p 4 -c 'echo a; echo \"b  c\"'",
    "get https://medium.com/@ada/x https://unpkg.com/react@18 ada@example.org git@github.com:a/b.git",
    "find . -name '*.nc' -exec ls {} \\;",
    "awk '{print $1}' x.csv > y.csv 2>&1",
]


@pytest.mark.parametrize(("command", "masked"), COMMANDS)
def test_arguments_keep_all_but_their_secrets(command: list[str], masked: str) -> None:
    assert list(mask_arguments(command)) == shlex.split(masked)
    written = shlex.join(mask_arguments(command))
    assert (mask_command(masked), mask_command(written)) == (masked, written)
    assert mask_command(shlex.join(command)) == masked


@pytest.mark.parametrize(("line", "masked"), SHELL_STRINGS)
def test_lines_for_a_shell_keep_all_but_their_secrets(line: str, masked: str) -> None:
    assert mask_command(line) == masked
    assert mask_arguments(["sudo", "bash", "-lc", line]) == ("sudo", "bash", "-lc", masked)


@pytest.mark.parametrize("line", INNOCENT)
def test_innocent_commands_stay_as_they_are(line: str) -> None:
    assert mask_command(line) == line
    assert list(mask_arguments(shlex.split(line))) == shlex.split(line)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ValueError: password=a,b;c at x", "ValueError: password=[masked] at x"),
        ("connect(password='a \\'b', port=1)", "connect(password='[masked]', port=1)"),
        ("connect(token=abc, port=1)", "connect(token=[masked], port=1)"),
        ("Authorization: Bearer abc", "Authorization: [masked]"),
        ("at https://u:p@ss@h.org/x: no", "at https://[masked]@h.org/x: no"),
        ("see https://h.org/a@b", "see https://h.org/a@b"),
        ("opts=a,secret=b", "opts=a,secret=[masked]"),
    ],
)
def test_texts_keep_all_but_their_secrets(text: str, masked: str) -> None:
    assert mask_text(text) == masked
    assert mask_text(masked) == masked


def test_variables_are_masked_whole_by_name_and_in_part_by_shape() -> None:
    assert mask_variables({"PGPASSWORD": "a b", "CASE": "base", "DB": "postgres://u:p@h/db"}) == {
        "PGPASSWORD": "[masked]",
        "CASE": "base",
        "DB": "postgres://[masked]@h/db",
    }


@pytest.mark.parametrize("odd", ["a" * 30_000, "'" * 10_001, ' "' * 10_001, "\\ " * 9_000, "a://b:" * 3_000])
def test_masking_long_lines_takes_no_longer_than_they_are(odd: str) -> None:
    assert mask_command(f"run --password abc {odd}").startswith("run --password [masked] ")


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


@pytest.mark.parametrize("piece", ["a=", "://a:", "'\"", "\\ ", "a= ", "-"])
def test_a_hostile_command_is_read_to_its_end(piece: str) -> None:
    line = piece * 2000
    assert mask_command(line) == line
    assert mask_arguments([line]) == (line,)

"""Editors change one entry of a text and keep every other byte."""

from __future__ import annotations

import json
import tomllib

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provena_mcp.assistants.editors.edits import UneditableError, changed, decoded, entry_in
from provena_mcp.assistants.editors.json_editor import JsonEditor
from provena_mcp.assistants.editors.json_spans import parse
from provena_mcp.assistants.editors.toml_editor import TomlEditor
from provena_mcp.assistants.editors.yaml_editor import YamlEditor

ENTRY = {"command": "/opt/provena/bin/provena-mcp", "args": ["serve"], "env": {"PROVENA_REALM": "reef"}}
OTHER = {"command": "/opt/other", "args": []}
PATH = ("mcpServers", "provena")
FEW = settings(max_examples=30, deadline=None)

JSON, TOML, YAML = JsonEditor(), TomlEditor(), YamlEditor()


def kept_apart_from_one_place(before: str, after: str) -> bool:
    """Whether ``after`` is ``before`` with something put in at one place."""
    start = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    rest = len(before) - start
    return rest == 0 or after[len(after) - rest :] == before[start:]


# What programs and people write: an object laid out in any of these ways, comments and commas anywhere.
blanks = st.sampled_from(
    ["", " ", "\n", "\n  ", "\t", "\r\n    ", " // note\n", " /* } , { */ ", '\n// "x": {\n']
)
names = st.text("abcxyz", min_size=1, max_size=4)
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4)


@st.composite
def laid_out(draw: st.DrawFn, depth: int = 2) -> str:
    """An object as text."""
    keys = draw(
        st.lists(st.sampled_from(["a", "b", "ä", "mcpServers", "x y", 'q"q']), max_size=3, unique=True)
    )
    parts: list[str] = []
    for key in keys:
        group = key == "mcpServers" or (depth > 0 and draw(st.booleans()))
        value = draw(laid_out(depth - 1)) if group else json.dumps(draw(scalars))
        parts.append(f"{draw(blanks)}{json.dumps(key)}{draw(blanks)}:{draw(blanks)}{value}{draw(blanks)}")
    comma = "," if parts and draw(st.booleans()) else ""
    return "{" + ",".join(parts) + comma + draw(blanks) + "}"


@pytest.mark.slow
@FEW
@given(laid_out(), blanks, blanks)
def test_json_has_the_entry_and_everything_else_afterwards(text: str, before: str, after: str):
    text = before + text + after
    content = JSON.read(text)
    edited = changed(JSON, text, PATH, ENTRY)
    assert entry_in(JSON.read(edited), PATH) == ENTRY
    assert changed(JSON, edited, PATH, ENTRY) == edited
    gone = JSON.read(changed(JSON, edited, PATH, None))
    assert {**gone, "mcpServers": gone["mcpServers"] or {}} == {"mcpServers": {}, **content}


@FEW
@given(laid_out(), blanks)
@example('{\n  "mcpServers": {\n    "a": 1 // note\n  }\n}', "")
@example('{"a": 1, // one\n "mcpServers": {"b": {}, /* two */ } }', "\n")
def test_json_keeps_every_line_and_comment(text: str, after: str):
    text += after
    edited = changed(JSON, text, PATH, ENTRY)
    # All that was there is there still, in its order, with more between.
    rest = iter(edited)
    assert all(character in rest for character in text)


@FEW
@given(laid_out(), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["  ", "\t", "    "]))
def test_taking_out_of_json_what_was_put_in_gives_the_same_bytes(text: str, end: str, unit: str):
    servers = f'{{{end}{unit}"mcpServers": {{{end}{unit}{unit}"other": {text}{end}{unit}}}{end}}}{end}'
    edited = changed(JSON, servers, PATH, ENTRY)
    assert changed(JSON, edited, PATH, None) == servers


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "mcpServers": {\n    "provena": {\n      "command": "x"\n    }\n  }\n}\n'),
        ("{}", '{\n  "mcpServers": {\n    "provena": {\n      "command": "x"\n    }\n  }\n}'),
        ('{"a":1}', '{"a":1,"mcpServers":{"provena":{"command":"x"}}}'),
        (
            '{\r\n\t"mcpServers": {\r\n\t\t"a": {} // mine\r\n\t}\r\n}\r\n',
            '{\r\n\t"mcpServers": {\r\n\t\t"a": {}, // mine\r\n\t\t"provena": {\r\n\t\t\t"command": "x"'
            "\r\n\t\t}\r\n\t}\r\n}\r\n",
        ),
        (
            '{\n    "mcpServers": {\n        "a": {},\n    },\n}',
            '{\n    "mcpServers": {\n        "a": {},\n        "provena": {\n            "command": "x"'
            "\n        },\n    },\n}",
        ),
        (
            '{\n  "mcpServers": {}\n}',
            '{\n  "mcpServers": {\n    "provena": {\n      "command": "x"\n    }\n  }\n}',
        ),
    ],
)
def test_json_is_laid_out_as_its_neighbours(before: str, after: str):
    assert changed(JSON, before, PATH, {"command": "x"}) == after


def test_what_differs_in_our_entry_is_changed_and_remarks_in_it_stay():
    before = (
        '{"mcpServers": {"provena": {"command": "old", // mine\n "env": {"A": "1", "B": "2"}, "off": true}}}'
    )
    after = changed(JSON, before, PATH, {"command": "new", "env": {"B": "2"}, "off": True})
    assert (
        after == '{"mcpServers": {"provena": {"command": "new", // mine\n "env": {"B": "2"}, "off": true}}}'
    )


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[",
        '{"a" 1}',
        '{"a": 1 "b": 2}',
        "{'a': 1}",
        "{a: 1}",
        '{"a": 01}',
        "{,}",
        "[1 2]",
        "{} {}",
        "/* {}",
        '{"a": "\n"}',
        '{"a": +1}',
        '{"a": NaN}',
        "{" * 5000,
        '{"a":' * 5000,
    ],
)
def test_what_is_not_json_is_refused_with_its_place(broken: str):
    with pytest.raises(UneditableError, match=r"not valid JSON \(line \d+, column \d+\)|nested more than"):
        changed(JSON, broken, PATH, ENTRY)


@pytest.mark.parametrize("content", ["[]", "1", '{"mcpServers": []}', '{"mcpServers": null}'])
def test_json_without_room_for_entries_is_refused(content: str):
    with pytest.raises(UneditableError):
        changed(JSON, content, PATH, ENTRY)


@FEW
@given(
    st.recursive(
        scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=8
    )
)
def test_strict_json_is_read_as_pythons_own_reader_does(value: object):
    node = parse(json.dumps(value))
    assert node is not None
    assert node.value == value


TOML_PATH = ("mcp_servers", "provena")
TOML_TEXTS = [
    "",
    'model = "o9"\n',
    '# mine\nmodel = "o9" # best\n\n[mcp_servers.docs]\ncommand = "npx"\nargs = ["-y"]\n\n[tui]\ntheme = "x"',
    '[mcp_servers.docs]\r\ncommand = "npx"\r\n\r\n[mcp_servers.docs.env]\r\nA = "1"\r\n',
    '[projects."/home/x y"]\ntrust = "trusted"\n\n[[hooks]]\nname = """\n[mcp_servers.provena]\n"""\n',
    "[mcp_servers]\n\n[mcp_servers.a]\ncommand = 'b'\n[profiles.x]\nwhen = 2026-01-01\n",
    'mcp_servers = { a = { command = "b" } }\nx = 1\n',
    'mcp_servers.a.command = "b"\n\n[x]\ny = 1.5\n',
]


@pytest.mark.parametrize("text", TOML_TEXTS)
def test_toml_has_the_entry_and_every_other_line(text: str):
    edited = changed(TOML, text, TOML_PATH, ENTRY)
    assert tomllib.loads(edited)["mcp_servers"]["provena"] == ENTRY
    # A table in one line is written anew, blanks and all.
    assert kept_apart_from_one_place(text, edited) or "mcp_servers = {" in text
    assert changed(TOML, edited, TOML_PATH, ENTRY) == edited
    assert ("\r\n" in edited) == ("\r\n" in text)
    back = changed(TOML, edited, TOML_PATH, None)
    assert tomllib.loads(back) | {"mcp_servers": {}} == tomllib.loads(text) | {"mcp_servers": {}}
    assert tomllib.loads(back).get("mcp_servers", {}) == tomllib.loads(text).get("mcp_servers", {})


def test_toml_is_changed_in_place():
    before = '[mcp_servers.provena] # mine\ncommand = "old"\nenabled = true # yes\n\n[tui]\n'
    after = changed(TOML, before, TOML_PATH, {"command": "new", "enabled": True})
    assert after == '[mcp_servers.provena] # mine\ncommand = "new"\nenabled = true # yes\n\n[tui]\n'


@pytest.mark.parametrize(
    "broken", ["a", "[a", "a = 1\na = 2", "a = " + "[" * 3000, "mcp_servers = 1", "[[mcp_servers]]\na = 1"]
)
def test_toml_that_is_broken_or_has_no_room_is_refused(broken: str):
    with pytest.raises(UneditableError):
        changed(TOML, broken, TOML_PATH, ENTRY)


@FEW
@given(
    st.dictionaries(names, scalars.filter(lambda value: value is not None), max_size=3),
    st.lists(names, unique=True, max_size=3),
)
def test_any_toml_keeps_its_lines(top: dict[str, object], servers: list[str]):
    lines = [f"{key} = {json.dumps(value)} # {key}" for key, value in top.items()]
    lines += [f'\n[mcp_servers.{name}]\ncommand = "{name}"' for name in servers]
    text = "\n".join(lines)
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    edited = changed(TOML, text, TOML_PATH, ENTRY)
    assert kept_apart_from_one_place(text, edited)


YAML_PATH = ("extensions", "provena")
YAML_TEXTS = [
    "",
    "GOOSE_PROVIDER: x\n",
    "GOOSE_PROVIDER: x",
    "# mine\nextensions:\n  # the builder\n  developer:\n    timeout: 300\nGOOSE_MODE: auto # yes\n",
    "extensions:\r\n    a:\r\n        enabled: true\r\nGOOSE_MODE: auto\r\n",
    "extensions: {}\nx: 1\n",
    "extensions:\nx: 1\n",
    "extensions: # none yet\n\n\nx: [1, 2]\n",
    "a: |\n  extensions:\n    provena:\nextensions:\n  b:\n    args:\n    - x\n    - y\n\n# end\n",
]


@pytest.mark.parametrize("text", YAML_TEXTS)
def test_yaml_has_the_entry_and_every_other_line(text: str):
    edited = changed(YAML, text, YAML_PATH, ENTRY)
    assert yaml.safe_load(edited)["extensions"]["provena"] == ENTRY
    assert kept_apart_from_one_place(text.replace("extensions: {}", "extensions: "), edited)
    assert changed(YAML, edited, YAML_PATH, ENTRY) == edited
    back = changed(YAML, edited, YAML_PATH, None)
    assert (yaml.safe_load(back) or {}).get("extensions") == (
        (yaml.safe_load(text) or {}).get("extensions") or {}
    )
    assert ("\r\n" in edited) == ("\r\n" in text)


@pytest.mark.parametrize("text", [text for text in YAML_TEXTS if "    " in text])
def test_taking_out_of_yaml_what_was_put_in_gives_the_same_bytes(text: str):
    assert changed(YAML, changed(YAML, text, YAML_PATH, ENTRY), YAML_PATH, None) == text


def test_yaml_lines_of_our_entry_are_replaced_alone():
    before = (
        "extensions:\n  a:\n    x: 1\n  provena:\n    cmd: old\n    args:\n    - a\n\n  # after\n  z: {}\n"
    )
    after = changed(YAML, before, YAML_PATH, {"cmd": "new"})
    assert after == 'extensions:\n  a:\n    x: 1\n  provena:\n    cmd: "new"\n\n  # after\n  z: {}\n'


@pytest.mark.parametrize(
    "broken", ["a: [", "- a\n", "\tx: 1", "extensions: 1\n", "extensions: {a: {}}\n", "a: *b\n"]
)
def test_yaml_that_is_broken_or_has_no_room_is_refused(broken: str):
    with pytest.raises(UneditableError):
        changed(YAML, broken, YAML_PATH, ENTRY)


def test_what_json_has_no_word_for_is_kept_as_it_is():
    dated = "when = 2026-01-01T00:00:00Z\nlist = [1, 2.5, true]\n"
    assert changed(TOML, dated, TOML_PATH, {"command": "x"}).startswith(dated)
    days = "when: 2026-01-01\n"
    assert changed(YAML, days, YAML_PATH, {"cmd": "x"}).startswith(days)


def test_the_byte_order_mark_and_the_line_ends_of_a_file_stay():
    content = b'\xef\xbb\xbf{\r\n  "mcpServers": {\r\n    "a": {}\r\n  }\r\n}'
    text, encoded = decoded(content)
    edited = encoded(changed(JSON, text, PATH, OTHER))
    assert edited.startswith(b'\xef\xbb\xbf{\r\n  "mcpServers": {\r\n    "a": {},\r\n    "provena": {\r\n')
    assert b"\n" not in edited.replace(b"\r\n", b"")


def test_other_encodings_are_refused():
    with pytest.raises(UneditableError, match="not UTF-8"):
        decoded('{"ä": 1}'.encode("utf-16"))

"""What is meant to be imported, and that it can be used by people who have never heard of the tools."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import provena_mcp
from provena_mcp import client, errors
from provena_mcp.client import NoToken, ProvenaClient
from provena_mcp.errors import ProvenaError
from provena_mcp.next_call import TOOL_FOR, ToolName, naming_tools
from tests.client.provena_stand_in import endpoints

PACKAGE = Path(provena_mcp.__file__).parent
SOURCES = (*sorted((PACKAGE / "client").rglob("*.py")), PACKAGE / "errors.py", PACKAGE / "issuer.py")

CLIENT = """
AccessLevel AuthApi Breaker ClientCredentials ClientLimits CreatedItem DataApi DeviceLogin
DevicePrompt Endpoints InteractiveLogin ItemPage JobApi JobPage KeycloakTokens LoginStore NoLogin
NoToken OAuthClient Personal ProvApi ProvenaClient ReadyToken RefreshToken RegistryApi
ReportDocument ReportJob SearchApi StoredLogin TokenProvider TypedItem UnreadRow public_transport
token_provider_from
"""

KINDS = {
    "AccessError": "Access",
    "AmbiguousWriteError": "AmbiguousWrite",
    "ArgumentError": "Argument",
    "CallerError": "Caller",
    "CursorError": "Cursor",
    "DeadlineError": "Deadline",
    "DeploymentError": "Deployment",
    "DepthLimitError": "DepthLimit",
    "FileRefusedError": "FileRefused",
    "ForbiddenError": "Forbidden",
    "LoginPendingError": "LoginPending",
    "LoginRefusedError": "LoginRefused",
    "MalformedAnswerError": "MalformedAnswer",
    "MalformedItemError": "MalformedItem",
    "NotFoundError": "NotFound",
    "NotLoggedInError": "NotLoggedIn",
    "OperatorError": "Operator",
    "PartlyDoneError": "PartlyDone",
    "ProvenaError": "Provena",
    "RejectedError": "Rejected",
    "SettingsError": "Settings",
    "StoreError": "Store",
    "UnavailableError": "Unavailable",
    "UnderWayError": "UnderWay",
    "UpstreamError": "Upstream",
    "WrongSubtypeError": "WrongSubtype",
}


def subclasses(kind: type[ProvenaError]) -> Iterator[type[ProvenaError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from subclasses(each)


def texts(path: Path) -> Iterator[str]:
    """Every string of a module that is no docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_the_public_names_of_the_client_are_these():
    assert client.__all__ == CLIENT.split()
    assert [name for name in client.__all__ if not hasattr(client, name)] == []


def test_every_error_is_public_and_has_its_own_kind_whatever_its_class_is_called():
    found = {
        each.__name__: each.kind for each in subclasses(ProvenaError) if each.__module__ == errors.__name__
    }
    assert found == KINDS
    assert sorted(errors.__all__) == sorted([*KINDS, "Fault", "Retry"])
    assert [name for name in KINDS if "kind" not in vars(getattr(errors, name))] == []


def test_the_client_and_its_errors_speak_of_no_tools():
    names = re.compile(rf"(?<!`prov\.)\b({'|'.join(get_args(ToolName))})\b")
    told = {
        f"{path.relative_to(PACKAGE)}: {text}"
        for path in SOURCES
        for text in texts(path)
        # One word, or a path, is no advice to anybody.
        if " " in text and names.search(text)
    }
    assert told == set()


def test_the_methods_that_advice_names_exist_and_each_has_its_tool():
    named = {
        method for path in SOURCES for text in texts(path) for method in re.findall(r"`([a-z_.]+)`", text)
    }
    assert named == set(TOOL_FOR)
    made = ProvenaClient(endpoints(), tokens=NoToken())
    for method in named - {"health"}:
        service, _, name = method.partition(".")
        assert callable(getattr(getattr(made, service), name))
    assert callable(made.prov.health)


@pytest.mark.parametrize(
    ("advice", "in_tools"),
    [
        (
            "Check the handle; `search.search` and `registry.list` find items by name.",
            "Check the handle; search_items and list_items find items by name.",
        ),
        ("Look with `jobs.list` whether it arrived.", "Look with list_jobs whether it arrived."),
        ("Run `make` again.", "Run `make` again."),
        ("", ""),
    ],
)
def test_where_errors_become_results_the_methods_become_tools(advice: str, in_tools: str):
    assert naming_tools(advice) == in_tools


def test_importing_the_client_imports_nothing_of_mcp():
    code = (
        "import sys, provena_mcp.client, provena_mcp.errors; print({'mcp', 'starlette'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_importing_the_client_leaves_out_what_only_repeating_needs():
    heavy = "{'networkx', 'cryptography', 'jwt'}"
    code = f"import sys, provena_mcp.client; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

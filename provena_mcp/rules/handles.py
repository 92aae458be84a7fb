"""Handles: as people write them, and in the ``provena://`` URIs of documents, with their templates.

People write an item's id bare, with ``hdl:``, as the URL of a resolver or registry (provena-http 11), or as
one of our URIs. In a URI a value is percent-encoded once, where the URI is built, and decoded once, where it
is read, so that a handle with ``?``, ``#``, ``%`` or spaces comes back as it was. Its slash stays a slash.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from provena_mcp.errors import ArgumentError

MAX_LENGTH: Final = 256
_PREFIXES: Final = ("hdl://", "hdl:/", "hdl:", "info:hdl/", "doi://", "doi:")
_RESOLVERS: Final = ("hdl.handle.net/", "handle.net/", "doi.org/", "dx.doi.org/")
_LINK: Final = re.compile(r"\[[^\]]*\]\((\S+)\)[.,;:!?]*")
_ADVICE: Final = (
    "Give the item's handle, for example '10378.1/1900010'; search_items or list_items finds handles by name."
)
_UNSAFE: Final = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff<>\"'`{}|\\^]")
# What no handle holds, and a copy from a text leaves around one.
_QUOTES: Final = "<>\"'`\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a"
_AROUND: Final = f"{_QUOTES}\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
# What ends a sentence or a list, and follows what was quoted or emphasised in it.
_SENTENCE: Final = ".,;:!?)]/"
_ENDING: Final = f"[{re.escape(_SENTENCE)}]"
_AFTER_QUOTED: Final = re.compile(f"(?<=[{_QUOTES}]){_ENDING}+$")
_EMPHASISED: Final = re.compile(rf"(\*{{1,3}}|_{{1,2}})(?![*_])(\S+)\1{_ENDING}*")


def is_handle(text: object) -> bool:
    """Whether ``text`` alone names an item, as services do: a prefix and a suffix, nothing around them."""
    if not isinstance(text, str) or len(text) > MAX_LENGTH or _UNSAFE.search(text) or "://" in text:
        return False
    prefix, _, suffix = text.partition("/")
    return bool(prefix and suffix)


def parse_handle(text: str, parameter: str = "id") -> str:
    """The handle in ``text``.

    Ids are opaque to Provena, so any non-blank text without white space, quotes or control
    characters is accepted once a prefix that people paste along has been taken off.

    Raises:
        ArgumentError: Nothing that could be a handle is left.
    """
    pasted = _bare(text)
    link = _LINK.fullmatch(pasted)
    handle = _without_prefix(link[1] if link else pasted)
    if not handle:
        raise ArgumentError(f"{parameter} is blank.", parameter=parameter, advice=_ADVICE)
    if len(handle) > MAX_LENGTH or _UNSAFE.search(handle) or "://" in handle:
        raise ArgumentError(
            f"{parameter} {handle[:60]!r} is not a handle.", parameter=parameter, advice=_ADVICE
        )
    return handle


def _bare(text: str) -> str:
    """``text`` without the quotes and emphasis around it, which may be nested."""
    before = None
    while text != before:
        before = text
        text = _AFTER_QUOTED.sub("", text.strip()).strip(_AROUND).strip()
        emphasised = _EMPHASISED.fullmatch(text)
        text = emphasised[2] if emphasised else text
    return text


def hint_for_marks(handles: Iterable[str]) -> str | None:
    """What is likely meant by those of ``handles``, which nothing has, that were not written as they are.

    A sentence may have left its marks on one, or somebody its capitals, which count (provena-http 11). A
    handle may look like that too, so this is what to try next, and not what is read.
    """
    bare = {handle: handle.lstrip("([").rstrip(_SENTENCE) for handle in handles}
    meant = [repr(handle) for marked, handle in bare.items() if handle != marked and "/" in handle]
    small = [repr(handle.lower()) for handle in bare.values() if handle != handle.lower() and "/" in handle]
    hints = (
        f"If the text around left its marks on a handle, {' or '.join(meant)} is meant." if meant else "",
        f"Capital letters count in ids: maybe {' or '.join(small)} is meant." if small else "",
    )
    return " ".join(filter(None, hints)) or None


def alike_but_for_case(handles: Collection[str]) -> list[list[str]]:
    """Groups of handles that differ in capitals only.

    Capitals count, so that each is an id of its own to Provena (provena-http 11). But handle servers take
    such for one and mint no two of them: whoever answers several has likely miswritten one.
    """
    text = "\n".join(handles)
    if text == text.lower():
        return []  # as most hold no letters at all
    alike: dict[str, list[str]] = {}
    for handle in handles:
        alike.setdefault(handle.lower(), []).append(handle)
    return [some for some in alike.values() if len(some) > 1]


def _without_prefix(text: str) -> str:
    lowered = text.lower()
    if lowered.startswith(SCHEME):
        return (item_in(SCHEME + text[len(SCHEME) :]) or text).strip()
    for prefix in _PREFIXES:
        if lowered.startswith(prefix):
            return _with_slash(text[len(prefix) :].strip())
    if lowered.startswith(("http://", "https://")):
        return _from_url(text)
    if lowered.removeprefix("www.").startswith(_RESOLVERS):
        return _from_url(f"https://{text}")
    return _with_slash(text)


def _with_slash(text: str) -> str:
    """``text`` decoded, where a copy from an address has left its slash percent-encoded."""
    return unquote(text) if "/" not in text and "%2f" in text.lower() else text


def _from_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    root = parse_qs(parts.query).get("rootId")
    if root:
        return root[0].strip()
    path = unquote(parts.path).strip("/")
    if f"{parts.hostname or ''}/".endswith(_RESOLVERS):
        return path.removeprefix("api/handles/")
    for marker in ("item/", "dataset/"):
        if path.startswith(marker):
            return path.removeprefix(marker)
    return url


SCHEME: Final = "provena://"

ITEM: Final = "provena://item/{+id}"
LINEAGE: Final = "provena://lineage/{query}/{+id}{?depth}"
DIAGRAM: Final = "provena://diagram/{query}/{+id}{?to,depth}"
PICTURE: Final = "provena://picture/{query}/{+id}{?to,depth}"
FIGURE: Final = "provena://figure/{query}/{+id}{?to,depth}"
PROV: Final = "provena://prov/{format}/{+id}"
CSV_TEMPLATE: Final = "provena://csv-template/{+workflow_template_id}"
CSV_BATCH: Final = "provena://csv-batch/{batch_id}"
REPORT: Final = "provena://report/{item_subtype}/{depth}/{+id}{?session_id}"
CRATE: Final = "provena://crate/{kind}/{+id}{?depth}"
PACKED_CRATE: Final = "provena://crate-zip/{kind}/{+id}{?depth,beside}"
CITATION: Final = "provena://citation/{format}/{+id}"
DOSSIER: Final = "provena://dossier/{+id}"
ABOUT: Final = "provena://about"
FORMATS: Final = "provena://formats"

# What the path of a URI may hold as it stands beside letters and digits; templates match the same.
_PLAIN: Final = "/:@!$&()*+,;=~"


def item_uri(item_id: str) -> str:
    """A registry item."""
    return _uri("item", item_id)


def lineage_uri(query: str, item_id: str, depth: int) -> str:
    """The whole graph of a lineage query, ``depth`` hops from the item."""
    return _uri(f"lineage/{query}", item_id, depth=depth)


def diagram_uri(query: str, item_id: str, depth: int, to: str | None = None) -> str:
    """A diagram: of a lineage query, of an impact, or of the path ``to`` another item."""
    return _uri(f"diagram/{query}", item_id, to=to, depth=depth)


def picture_uri(query: str, item_id: str, depth: int, to: str | None = None) -> str:
    """The page that draws a lineage query, an impact, or the path ``to`` another item."""
    return _uri(f"picture/{query}", item_id, to=to, depth=depth)


def figure_uri(query: str, item_id: str, depth: int, to: str | None = None) -> str:
    """The same as one still SVG."""
    return _uri(f"figure/{query}", item_id, to=to, depth=depth)


def template_in(template: str, format: str) -> str:
    """The template of the documents of one format."""
    return template.replace("{format}", format)


def csv_template_uri(workflow_template_id: str) -> str:
    """The CSV of a workflow template."""
    return _uri("csv-template", workflow_template_id)


def csv_batch_uri(batch_id: str) -> str:
    """The runs of a batch as a CSV."""
    return _uri("csv-batch", batch_id)


def report_uri(item_subtype: str, depth: int, item_id: str, session_id: str | None = None) -> str:
    """A report; with the session of its job nothing is made anew."""
    return _uri(f"report/{item_subtype}/{depth}", item_id, session_id=session_id)


def packed_crate_uri(kind: str, item_id: str, depth: int, beside: str | None = None) -> str:
    """All files of that crate, and those ``beside`` it: ``prov``, ``report``, or both with a comma."""
    return _uri(f"crate-zip/{kind}", item_id, depth=depth, beside=beside)


def citation_uri(format: str, item_id: str) -> str:
    """Whom and what to cite for a run, study or dataset."""
    return _uri(f"citation/{format}", item_id)


def dossier_uri(item_id: str) -> str:
    """The dossier of a study or run."""
    return _uri("dossier", item_id)


def document_kind(uri: str) -> str | None:
    """The kind of document that a URI or template of ours names: ``item``, ``report``, …; else None."""
    if not uri.startswith(SCHEME):
        return None
    return uri.removeprefix(SCHEME).partition("/")[0]


def item_in(uri: str) -> str | None:
    """The handle of an item URI of ours, decoded; None of any other."""
    if document_kind(uri) != "item":
        return None
    return unquote(uri.removeprefix(f"{SCHEME}item/").partition("?")[0])


def path_of(uri: str) -> str:
    """The part of a URI of ours that names its document, decoded, without scheme and query."""
    return unquote(uri.removeprefix(SCHEME).partition("?")[0])


def _uri(kind: str, item_id: str, **query: str | int | None) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    asked = f"?{urlencode(given, quote_via=quote, safe='/:')}" if given else ""
    return f"{SCHEME}{kind}/{quote(item_id, safe=_PLAIN)}{asked}"

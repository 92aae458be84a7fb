"""What the graphs that a server was given refute of its answer: counted without the server's code."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import Any

from tests.faults.sandbox import Given

Pairs = set[tuple[str, str]]
# What each relation joins (PROV-DM 5): anything may influence anything, and a relation may be unknown.
ENTITIES = ("ENTITY", "ENTITY")
JOINS = {
    "used": ("ACTIVITY", "ENTITY"),
    "wasGeneratedBy": ("ENTITY", "ACTIVITY"),
    "wasInvalidatedBy": ("ENTITY", "ACTIVITY"),
    "wasInformedBy": ("ACTIVITY", "ACTIVITY"),
    "wasAssociatedWith": ("ACTIVITY", "AGENT"),
    "wasAttributedTo": ("ENTITY", "AGENT"),
    "actedOnBehalfOf": ("AGENT", "AGENT"),
    "hadMember": ENTITIES,
    "wasDerivedFrom": ENTITIES,
    "wasRevisionOf": ENTITIES,
    "wasQuotedFrom": ENTITIES,
    "hadPrimarySource": ENTITIES,
    "specializationOf": ENTITIES,
}
TEMPLATE = "MODEL_RUN_WORKFLOW_TEMPLATE"
REGISTERED = ("MODEL", TEMPLATE, "DATASET_TEMPLATE", "DATASET")
KINDS = (
    *(("ACTIVITY", subtype) for subtype in ("MODEL_RUN", "STUDY", "CREATE", "VERSION")),
    *(("AGENT", subtype) for subtype in ("PERSON", "ORGANISATION")),
    *(("ENTITY", subtype) for subtype in (*REGISTERED, "WORKFLOW_TEMPLATE")),
)
# What Provena writes, as source, relations and targets.
WRITTEN = {
    (source, relation, target)
    for sources, relation, targets in (
        (("MODEL_RUN",), "used", ("DATASET", "MODEL", TEMPLATE)),
        (("MODEL_RUN",), "wasAssociatedWith", ("PERSON", "ORGANISATION")),
        (("MODEL_RUN",), "wasInformedBy", ("STUDY",)),
        (("DATASET",), "wasGeneratedBy", ("MODEL_RUN",)),
        (("DATASET",), "wasInfluencedBy", ("DATASET_TEMPLATE",)),
        ((TEMPLATE,), "hadMember", ("MODEL", "DATASET_TEMPLATE")),
        (REGISTERED, "wasGeneratedBy", ("CREATE", "VERSION")),
        (REGISTERED, "wasAttributedTo", ("PERSON",)),
        (("CREATE", "VERSION"), "wasAssociatedWith", ("PERSON",)),
        (("VERSION",), "used", REGISTERED),
    )
    for source, target in product(sources, targets)
}
OF_RUNS = {"MODEL", TEMPLATE, "PERSON"}
DOWNSTREAM = ("downstream", "effected_datasets", "effected_agents")


def refuted(
    tool: str, content: dict[str, Any], given: Sequence[Given], registered: Mapping[str, str] | None = None
) -> str | None:
    """What in the answer ``content`` is not so, by the graphs ``given`` to answer it; none if nothing is.

    ``registered`` are the subtypes of items in a registry that told the truth.
    """
    graphs = [each for each in given if "/explore/" in each.path and each.status == 200]
    claims_all = content.get("complete", content.get("incomplete_because") is None)
    if claims_all and (doubt := next(doubts_of(graphs), None)):
        return f"{tool} is called complete, but {doubt}"
    if claims_all and (odd := next(_miscalled(content, registered or {}), None)):
        return f"{tool} is called complete, but {odd}"
    if tool in ("explore_upstream", "explore_downstream"):
        return next(_untrue_of_exploration(content, graphs, claims_all=claims_all), None)
    return (
        next(_untrue_of_path(content, graphs, claims_all=claims_all), None)
        if tool == "find_lineage_path"
        else None
    )


def doubts_of(graphs: Sequence[Given]) -> Iterator[str]:
    """Why nothing that rests on ``graphs`` can be complete."""
    kinds = defaultdict[tuple[str, str], set[Any]](set)
    for graph in graphs:
        nodes = _nodes_of(graph)
        if nodes is None:
            yield f"an answer cannot be read: {graph.path} {graph.query}"
            continue
        for node in nodes:
            for name in ("item_category", "item_subtype"):
                # Null is what a stored node lacks, and no other kind; of one kind there are two words.
                word = TEMPLATE if node.get(name) == "WORKFLOW_TEMPLATE" else node.get(name)
                kinds[node["id"], name] |= {word} if word else set()
        strays = {node["id"] for node in nodes} | {end for pair in _pairs_of(graph) for end in pair}
        strays -= _reach(graph).keys() | _named_by(graph)
        if strays:
            yield f"nothing joins {sorted(strays)[:3]} to {graph.query['starting_id']}"
        yield from _absurd(graph, nodes)
        yield from _unwritten(graph, nodes)
        nameless = {node["id"] for node in nodes} - _subtypes(nodes).keys()
        yield from (f"{item} is of no kind that exists" for item in nameless)
        yield from _bare_runs(graph, nodes)
    for special, around in product(graphs, graphs):
        yield from _at_odds(special, around)
    yield from _shouted({item for item, _ in kinds})
    for (item, _), found in kinds.items():
        if len(found) > 1:
            yield f"{item} has two kinds: {found}"


def _shouted(ids: set[str]) -> Iterator[str]:
    for one, other in pairwise(sorted(ids, key=lambda item: (item.lower(), item))):
        if one.lower() == other.lower():
            yield f"{one} and {other} are likely one handle"


def _absurd(graph: Given, nodes: list[dict[str, Any]]) -> Iterator[str]:
    """What one answer says of its items and links that cannot be so."""
    ids = {node["id"] for node in nodes}
    count = graph.body.get("record_count")
    if count is not None and count not in (len(nodes), len(ids)):
        yield f"{count} items are counted where there are {len(ids)}"
    links = {(link["source"], link["type"], link["target"]) for link in _links_of(graph)}
    category = {node["id"]: node.get("item_category") for node in nodes}
    for source, relation, target in links:
        if lacking := {source, target} - ids:
            yield f"{lacking} is linked and not described"
        if source == target:
            yield f"{source} {relation} itself"
        elif (target, relation, source) in links:
            yield f"{source} {relation} {target}, and the reverse"
        if relation in JOINS:
            for end, wanted in zip((source, target), JOINS[relation], strict=True):
                if category.get(end) in {"ACTIVITY", "AGENT", "ENTITY"} - {wanted}:
                    yield f"{source} {relation} {target}, though {end} is no {wanted}"


def _unwritten(graph: Given, nodes: list[dict[str, Any]]) -> Iterator[str]:
    """Links between items of kinds that Provena joins otherwise."""
    subtypes, relations = _subtypes(nodes), {relation for _, relation, _ in WRITTEN}
    for link in _links_of(graph):
        form = subtypes.get(link["source"]), link["type"], subtypes.get(link["target"])
        if link["type"] in relations and None not in form and form not in WRITTEN:
            yield f"{form} is never written: {link}"


def _subtypes(nodes: list[dict[str, Any]]) -> dict[str, str]:
    """Of each node whose kind exists, the registry's word."""
    words: dict[Any, str] = {
        kind: TEMPLATE if kind[1].endswith("FLOW_TEMPLATE") else kind[1] for kind in KINDS
    }
    kinds = ((node["id"], (node.get("item_category"), node.get("item_subtype"))) for node in nodes)
    return {item: words[kind] for item, kind in kinds if kind in words}


def _bare_runs(graph: Given, nodes: list[dict[str, Any]]) -> Iterator[str]:
    """Runs whose links are all in an upstream answer, and not those that every run has."""
    if not graph.path.endswith("/upstream"):
        return
    subtypes, depth, pairs = _subtypes(nodes), int(graph.query["depth"]), _pairs_of(graph)
    for run, hop in _reach(graph).items():
        if subtypes.get(run) == "MODEL_RUN" and hop < depth:
            named = {subtypes.get(other) for one, other in pairs if one == run}
            if OF_RUNS - named:
                yield f"{run} has no {OF_RUNS - named}"


def _miscalled(content: dict[str, Any], registered: Mapping[str, str]) -> Iterator[str]:
    """Items that are shown by their names from the registry, as another kind than it holds."""
    called = {
        row[1]: subtype
        for by_type in (content.get("nodes") or {}).values()
        for subtype, rows in by_type.items()
        for row in rows
        if len(row) > 2
    }
    for item in content["answer"] if isinstance(content.get("answer"), list) else ():
        if item.get("name") and item.get("type"):
            called[item["id"]] = item["type"]
    for item, subtype in called.items():
        if registered.get(item, subtype) != subtype:
            yield f"{item} is no {subtype}"


def _at_odds(special: Given, around: Given) -> Iterator[str]:
    """What effected_agents says otherwise than the downstream answer of the same start."""
    if not (special.path.endswith("effected_agents") and around.path.endswith("downstream")):
        return
    if special.query["starting_id"] != around.query["starting_id"]:
        return
    depth = int(special.query["depth"])
    if _nodes_of(special) is None or _nodes_of(around) is None or int(around.query["depth"]) < depth:
        return
    reach = _reach(around)
    category = {node["id"]: node.get("item_category") for node in special.body["graph"]["nodes"]}
    within = {(one, other) for one, other in _pairs_of(around) if reach.get(one, depth) < depth}
    near = {item for pair in within for item in pair} | {special.query["starting_id"]}
    said, naming = _pairs_of(special), set[str]()
    subtypes = _subtypes([*around.body["graph"]["nodes"], *special.body["graph"]["nodes"]])
    carried_out = {after for before, after in said | within if subtypes.get(before) == "PERSON"}
    for run in reach:
        if reach[run] <= depth and subtypes.get(run) == "MODEL_RUN" and run not in carried_out:
            yield f"nobody carried out {run}"
    for before, after in said - within:
        if category.get(before) != "AGENT" or after not in near:
            yield f"{after} follows {before} in effected_agents only"
        naming.add(after)
    for before, after in within - said:
        if after in naming:
            yield f"{after} follows {before}, and not in effected_agents"


def _links_of(graph: Given) -> list[dict[str, Any]]:
    inner = graph.body["graph"]
    return inner.get("links", inner.get("edges")) or []


def _nodes_of(graph: Given) -> list[dict[str, Any]] | None:
    inner = graph.body.get("graph") if isinstance(graph.body, dict) else None
    nodes = inner.get("nodes") if isinstance(inner, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) and "id" in node for node in nodes):
        return None
    return nodes if graph.body.get("status", {}).get("success") is True else None


def _pairs_of(graph: Given) -> Pairs:
    """Whom each item follows directly in the direction of the query."""
    downwards = graph.path.split("/")[-1] in DOWNSTREAM
    pairs = {(link["source"], link["target"]) for link in _links_of(graph)}
    return {(target, source) for source, target in pairs} if downwards else pairs


def _reach(graph: Given) -> dict[str, int]:
    return _hops(graph.query["starting_id"], _pairs_of(graph))


def _hops(start: str, pairs: Pairs) -> dict[str, int]:
    following = defaultdict[str, list[str]](list)
    for one, other in pairs:
        following[one].append(other)
    hops, ring = {start: 0}, [start]
    while ring:
        hop = hops[ring[0]] + 1
        ring = list(dict.fromkeys(after for one in ring for after in following[one] if after not in hops))
        hops |= dict.fromkeys(ring, hop)
    return hops


def _named_by(graph: Given) -> set[str]:
    """The agents that what is reached names: in effected_agents the last link leads upwards."""
    if not graph.path.endswith("effected_agents"):
        return set()
    reached = _reach(graph)
    return {before for before, after in _pairs_of(graph) if after in reached}


def _untrue_of_exploration(
    content: dict[str, Any], graphs: Sequence[Given], *, claims_all: bool
) -> Iterator[str]:
    readable = [graph for graph in graphs if _nodes_of(graph) is not None]
    if not readable:
        return
    pairs = set[tuple[str, str]]().union(*map(_pairs_of, readable))
    hops = _hops(content["start"]["id"], pairs)
    asked = content["depth"]["asked"]
    for hop, by_type in content["nodes"].items():
        for row in (row for rows in by_type.values() for row in rows):
            if hops.get(row[1]) != int(hop):
                yield f"{row[1]} is said to be {hop} hops away, not {hops.get(row[1])}"
    told = {int(hop): count for hop, count in content["totals"]["by_hop"].items()}
    truth = dict(Counter(hop for hop in hops.values() if hop <= asked))
    if claims_all and told != truth:
        yield f"complete with {told} items by hop instead of {truth}"
    if claims_all and (beyond := _never_followed(hops, readable)):
        yield f"complete, though nobody asked what {beyond} leads to"


def _never_followed(hops: dict[str, int], graphs: Sequence[Given]) -> str | None:
    """An item so far from every start asked about that what it leads to was in no answer."""
    reaches = [(int(graph.query["depth"]), _reach(graph)) for graph in graphs]
    return next(
        (item for item in hops if not any(item in reach and reach[item] < depth for depth, reach in reaches)),
        None,
    )


def _untrue_of_path(content: dict[str, Any], graphs: Sequence[Given], *, claims_all: bool) -> Iterator[str]:
    upwards: Pairs = set()
    for graph in graphs:
        if _nodes_of(graph) is not None:
            is_down = graph.path.split("/")[-1] in DOWNSTREAM
            upwards |= {(two, one) if is_down else (one, two) for one, two in _pairs_of(graph)}
    for path in content.get("paths") or ():
        steps = set(pairwise(path))
        if not steps <= upwards and not {(two, one) for one, two in steps} <= upwards:
            yield f"no link makes the path {path}"
    ends, within = (content["from_item"]["id"], content["to_item"]["id"]), content["searched_hops"]
    for one, other in (ends, ends[::-1]):
        if claims_all and not content["found"] and _hops(one, upwards).get(other, within + 1) <= within:
            yield f"no path, though {one} leads to {other}"

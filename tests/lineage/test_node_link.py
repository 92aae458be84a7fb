from provena_mcp.lineage.node_link import node_link
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph


def test_the_whole_graph_is_told_in_provenas_own_form_with_names() -> None:
    graph = ProvenanceGraph(
        {
            "run": Kind("ACTIVITY", "MODEL_RUN"),
            "recipe": Kind("ENTITY", "WORKFLOW_TEMPLATE"),
            "blank": Kind("", ""),
        },
        (Link("run", "used", "recipe"), Link("run", "used", "blank")),
    )

    assert node_link(graph, {"run": "A\u200b run\nof ours", "recipe": ""}) == {
        "directed": True,
        "multigraph": False,
        "graph": {"complete": True},
        "nodes": [
            {"id": "blank"},
            {"id": "recipe", "item_category": "ENTITY", "item_subtype": "MODEL_RUN_WORKFLOW_TEMPLATE"},
            {"id": "run", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN", "name": "A run of ours"},
        ],
        "links": [
            {"type": "used", "source": "run", "target": "blank"},
            {"type": "used", "source": "run", "target": "recipe"},
        ],
    }


def test_an_incomplete_graph_says_why() -> None:
    assert node_link(ProvenanceGraph(), {}, "stopped after 60 queries")["graph"] == {
        "complete": False,
        "incomplete_because": "stopped after 60 queries",
    }

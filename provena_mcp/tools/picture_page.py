"""The page that hosts with MCP Apps draw lineages in."""

from __future__ import annotations

from typing import Final

from mcp.server.apps import APP_MIME_TYPE, Apps
from mcp.server.mcpserver.resources import FunctionResource

APP_URI: Final = "ui://provena/lineage.html"


def lineage_app() -> Apps:
    """The page as a resource; made when it is read."""
    apps = Apps()
    apps.add_resource(
        FunctionResource.from_function(
            _app_page,
            uri=APP_URI,
            name="lineage",
            title="Lineage",
            description="Draws what show_lineage answers.",
            mime_type=APP_MIME_TYPE,
            meta={"ui": {"prefersBorder": True}},
        )
    )
    return apps


def _app_page() -> str:
    from provena_mcp.lineage.picture.page import app_page

    return app_page()

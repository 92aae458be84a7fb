"""Types of tool parameters, with the words the model reads: terse, since each is sent with every chat."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from provena_mcp.rules.budgets import MOST_HOPS
from provena_mcp.wire.subtypes import ItemSubtype

ItemId = Annotated[str, Field(description="Handle, hdl: or URL")]
Depth = Annotated[int, Field(ge=1, le=MOST_HOPS, description="Hops")]
Subtypes = Annotated[list[ItemSubtype] | None, Field(description="Show only these; totals stay whole")]
ShowNames = Annotated[bool, Field(description="Display names")]
MaxTokens = Annotated[int | None, Field(ge=500, le=20_000)]
Cursor = Annotated[str | None, Field(description="From the previous page")]
SaveAs = Annotated[str | None, Field(description="File name to save under")]
Reference = Annotated[str | None, Field(description="From the preview")]
Wait = Annotated[bool, Field(description="For the job, at most 45 s")]
Confirm = Annotated[bool, Field(description="Do it; first show the preview")]

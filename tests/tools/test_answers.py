"""What all four answers over the sample world have in common."""

from typing import Any

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import BOTH_ERAS, call
from tests.worlds.sample_ids import EMPTY_STUDY, FORCING, RANKING, REANALYSIS


def nulls_in(value: Any) -> bool:
    if isinstance(value, dict):
        return any(nulls_in(part) for part in value.values())
    return any(nulls_in(part) for part in value) if isinstance(value, list) else value is None


@BOTH_ERAS
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("find_lineage_path", {"from_id": RANKING, "to_id": REANALYSIS}),
        ("find_lineage_path", {"from_id": RANKING, "to_id": EMPTY_STUDY}),
        ("analyse_impact", {"item_id": FORCING}),
        ("analyse_impact", {"item_id": EMPTY_STUDY}),
        ("compare_model_runs", {"run_ids": ["sample/1000119", "sample/1000122"]}),
        ("compare_model_runs", {"run_ids": ["sample/1000042", "sample/1000076"], "scope": "lineage"}),
        ("audit_reproducibility", {"item_id": "sample/1000063"}),
        ("audit_reproducibility", {"item_id": EMPTY_STUDY}),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_answers_come_in_both_eras_without_nulls_and_their_next_calls_work(
    standing: Standing, era: str, tool: str, arguments: dict[str, Any]
):
    async with standing.client(era) as client:
        answer = await call(client, tool, **arguments)
        following = [await call(client, step["tool"], **step["arguments"]) for step in answer.get("next", ())]
    assert answer["answer"]
    assert not nulls_in(answer)
    assert len(following) <= 3

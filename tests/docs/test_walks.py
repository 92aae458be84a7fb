"""How many files of the package one reads to follow a call: no more than these."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.walks import get, lineage, registration, walked


@pytest.mark.asyncio
async def test_a_registration_passes_few_files_from_its_record_to_its_handle(tmp_path: Path):
    passed = (await walked(registration, tmp_path)).files
    assert len(passed) <= 43, "\n".join(passed)


@pytest.mark.asyncio
async def test_a_lineage_question_passes_few_files_from_its_handle_to_a_page_with_names(tmp_path: Path):
    passed = (await walked(lineage, tmp_path)).files
    assert len(passed) <= 32, "\n".join(passed)


@pytest.mark.asyncio
async def test_a_get_passes_few_files_from_its_method_to_its_answer(tmp_path: Path):
    passed = (await get(tmp_path)).files
    assert len(passed) <= 6, "\n".join(passed)

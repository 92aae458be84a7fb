"""One table of job subtypes: complete, and what every part of the program goes by."""

from typing import get_args

import pytest

from provena_mcp.embedded.jobs.task_list import TASKS
from provena_mcp.rules.jobs import JOB_KINDS, kind_of
from provena_mcp.wire.jobs import JobSubtype, JobType


def test_every_subtype_has_a_type_a_purpose_and_likely_causes():
    assert set(JOB_KINDS) == set(get_args(JobSubtype))
    for kind in JOB_KINDS.values():
        assert kind.type in get_args(JobType)
        assert kind.purpose
        assert kind.likely_causes
    purposes = [kind.purpose for kind in JOB_KINDS.values()]
    assert len(set(purposes)) == len(purposes)


def test_the_embedded_provena_does_every_kind_but_sending_mail():
    assert set(get_args(JobSubtype)) - set(TASKS) == {"SEND_EMAIL"}


@pytest.mark.parametrize("subtype", get_args(JobSubtype))
def test_a_subtype_is_found_by_its_name(subtype: JobSubtype):
    assert kind_of(subtype) is JOB_KINDS[subtype]


def test_a_subtype_of_another_deployment_is_not_known():
    assert kind_of("MODEL_RUN_REWIND") is None

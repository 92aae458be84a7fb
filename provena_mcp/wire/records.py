"""The model run record, as registered and as stored (provena-http 4.1)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from provena_mcp.wire.base import Wire


class TemplatedDataset(Wire):
    """A dataset in the role a dataset template gives it."""

    dataset_template_id: str
    dataset_id: str
    dataset_type: Literal["DATA_STORE"] = "DATA_STORE"
    resources: dict[str, str] | None = None


class Associations(Wire):
    """Who ran it, and for whom."""

    modeller_id: str
    requesting_organisation_id: str | None = None


class ModelRunRecord(Wire):
    """One model run: what it used, made, and when (times in Unix seconds)."""

    workflow_template_id: str
    model_version: str | None = None
    inputs: tuple[TemplatedDataset, ...] = ()
    outputs: tuple[TemplatedDataset, ...] = ()
    annotations: dict[str, str] | None = None
    display_name: str = Field(min_length=1)
    description: str = Field(min_length=1)
    study_id: str | None = None
    associations: Associations
    start_time: int
    end_time: int

    @model_validator(mode="after")
    def _times_in_order(self) -> Self:
        if self.start_time > self.end_time:
            message = (
                f"The 'start_time' value ({self.start_time}) must be smaller than or equal to the "
                f"'end_time' value ({self.end_time})."
            )
            raise ValueError(message)
        return self

"""What all wire models share: frozen, and tolerant of keys a deployment adds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """A frozen model of something Provena sends; unknown keys are kept, never an error."""

    # Validators are built on first use: start-up needs few of them.
    model_config = ConfigDict(frozen=True, extra="allow", coerce_numbers_to_str=True, defer_build=True)


class Status(Wire):
    """The status object that several endpoint groups put into a 200 (provena-http 3.1)."""

    success: bool
    details: str = ""


class HealthAnswer(Wire):
    """What a service's root says while it is up."""

    message: str

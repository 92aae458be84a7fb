"""An invented fire-weather programme: from a forecast to fire perimeters, smoke and their verification.

What is in it on purpose:

* two people and several datasets with names that are easily confused, versions that share one name
* a weather grid with two makers, one of which did without an input; versions that no run made
* a workflow template with two versions, each used; runs that leave out an optional input
* runs without a study, without a model version, with a blank description
* a run on a version of its input that was registered only after the run had begun
* two versions that share one storage place; a record whose licence was changed later
* a study without runs, a dataset that nobody used, one that is stored elsewhere
"""

from __future__ import annotations

from evals.building import Registry
from evals.fire_weather.hindcast import hindcast, observations, smoke
from evals.fire_weather.outlook import loose_ends, outlook, second_versions
from evals.fire_weather.setting import people, recipes, roles, studies, tools

__all__ = ["fire_weather"]


def fire_weather() -> Registry:
    """The programme's registry."""
    registry = Registry("fire")
    for part in (people, tools, studies, roles, recipes, observations, hindcast, smoke):
        part(registry)
    for part in (second_versions, outlook, loose_ends):
        part(registry)
    return registry

"""Who takes part in the fire-weather programme, with which models, studies and workflow templates."""

from __future__ import annotations

from typing import Final

from evals.building import Item, Registry, at

_PEOPLE: Final = (
    ("imke", "Imke Vogelsang", "data custodian"),
    ("tobias", "Tobias Adeyemi", "modeller"),
    ("tobiasa", "Tobias Adeyinka", "modeller"),
    ("ruan", "Ruan Castellanos", "modeller"),
    ("saoirse", "Saoirse Lindqvist", "modeller"),
    ("hedda", "Hedda Okonkwo", "programme lead"),
)
_ORGANISATIONS: Final = (
    ("weather office", "Highland Fire Weather Office"),
    ("brigades", "Rural Brigades Council"),
    ("smoke unit", "Smoke and Health Unit"),
)
_MODELS: Final = (
    ("Galecast", "Downscales a coarse forecast to the slopes of the ranges."),
    ("TinderBox", "Moisture of dead fuel from hourly weather."),
    ("Emberline", "Spread of a fire front, with spotting."),
    ("HazeTrack", "Smoke carried from a fire perimeter."),
    ("ScarMatch", "Scores modelled perimeters against burnt area."),
)
_STUDIES: Final = (
    ("black ridge", "Black Ridge hindcast", "How the Black Ridge fire of January 2020 ran, and why."),
    ("outlook", "Summer outlook 2023-24", "Fire spread for the coming summer, month by month."),
    ("towns", "Smoke over the valley towns", "Who breathed how much smoke, and when."),
    ("burns", "Prescribed burn planning", "Windows for burning off; not begun."),
)
_ROLES: Final = (
    "Coarse weather",
    "Station observations",
    "Weather grid",
    "Fuel map",
    "Fuel moisture",
    "Ignition points",
    "Fire perimeter",
    "Smoke exposure",
    "Burnt area",
    "Perimeter score",
)
# Name, model, inputs (optional ones end in "?"), output, annotations that must be given.
_RECIPES: Final[tuple[tuple[str, str, tuple[str, ...], str, list[str]], ...]] = (
    (
        "Downscale weather",
        "Galecast",
        ("Coarse weather", "Station observations?"),
        "Weather grid",
        ["period"],
    ),
    ("Dry the fuel", "TinderBox", ("Weather grid", "Fuel map"), "Fuel moisture", ["period"]),
    (
        "Spread the fire",
        "Emberline",
        ("Weather grid", "Fuel moisture", "Ignition points", "Spread settings?"),
        "Fire perimeter",
        ["scenario"],
    ),
    ("Carry the smoke", "HazeTrack", ("Fire perimeter", "Weather grid"), "Smoke exposure", ["scenario"]),
    ("Score the perimeter", "ScarMatch", ("Fire perimeter", "Burnt area"), "Perimeter score", []),
)


def people(registry: Registry) -> None:
    """People and their organisations."""
    for user, name, role in _PEOPLE:
        registry.person(user, name, "2021-02-01", role)
    for key, name in _ORGANISATIONS:
        registry.add(key, "ORGANISATION", "hedda", at("2021-02-03"), {"display_name": name, "name": name})


def tools(registry: Registry) -> None:
    """Models; the programme's name for one is its own."""
    for name, about in _MODELS:
        content = {
            "display_name": name,
            "name": name,
            "description": about,
            "documentation_url": f"https://docs.example.org/{name.lower()}",
            "source_url": f"https://git.example.org/{name.lower()}",
        }
        registry.add(name, "MODEL", "ruan", at("2021-03-01"), content)


def studies(registry: Registry) -> None:
    """Studies; the last has no runs."""
    for key, title, about in _STUDIES:
        content = {"display_name": title, "title": title, "description": about}
        registry.add(key, "STUDY", "hedda", at("2022-01-10"), content)


def roles(registry: Registry) -> None:
    """Dataset templates; the one of the settings has no description and a file that each run names."""
    for role in _ROLES:
        content: Item = {"display_name": role, "description": f"{role}.", **_files()}
        registry.add(role, "DATASET_TEMPLATE", "ruan", at("2021-03-10"), content)
    settings = {
        "key": "settings_file",
        "description": "Spotting and suppression",
        "usage_type": "CONFIG_FILE",
    }
    content = {"display_name": "Spread settings", **_files(settings)}
    registry.add("Spread settings", "DATASET_TEMPLATE", "ruan", at("2021-03-10"), content)


def _files(*deferred: Item) -> Item:
    return {"defined_resources": [], "deferred_resources": list(deferred)}


def recipes(registry: Registry) -> None:
    """Workflow templates, from weather to the score of a perimeter."""
    for name, model, inputs, output, required in _RECIPES:
        content: Item = {
            "display_name": name,
            "software_id": registry.ids[model],
            "input_templates": [
                {"template_id": registry.ids[role.rstrip("?")], "optional": role.endswith("?")}
                for role in inputs
            ],
            "output_templates": [{"template_id": registry.ids[output], "optional": False}],
            "annotations": {"required": required, "optional": ["notes"]},
        }
        registry.add(name, "MODEL_RUN_WORKFLOW_TEMPLATE", "ruan", at("2021-03-20"), content)

"""The fire-weather programme's later work: second versions, the summer outlook, runs of no study."""

from __future__ import annotations

from typing import Any, Final

from evals.building import Item, Registry, at

# The outlook's months, and the day on which each was worked on.
MONTHS: Final = {"2023-10": "28", "2023-11": "27", "2023-12": "28", "2024-01": "28"}
_FOR_STUDY: Final[dict[str, Any]] = {"study": "outlook", "requested_by": "weather office"}


def second_versions(registry: Registry) -> None:
    """A new fuel map, whose files lie where the first one's lie, new station observations, a new template."""
    reason = "Fuel loads measured again after the fires of 2019-20."
    registry.version("fuel 2", "fuel", "tobias", at("2023-09-20"), reason)
    reason = "Two stations moved; their rainfall was corrected."
    place = {"bucket_name": "fire-data", "path": "stations/2/", "s3_uri": "s3://fire-data/stations/2/"}
    registry.version("stations 2", "stations", "imke", at("2023-09-25"), reason, s3=place)
    reason = "Runs say which member of the ensemble they are."
    asked = {"required": ["scenario", "ensemble"], "optional": ["notes"]}
    registry.version(
        "Spread the fire 2", "Spread the fire", "ruan", at("2023-10-01"), reason, annotations=asked
    )


def outlook(registry: Registry) -> None:
    """Four months: weather, fuel, two members of an ensemble; only the first say their model's version."""
    title = "Ignition points, lightning 2023"
    registry.dataset("ignitions 2023", title, "saoirse", at("2023-10-02"), by="brigades")
    for month, day in MONTHS.items():
        _weather_and_fuel(registry, month, f"{month}-{day}")
        for member, owner in (("a", "saoirse"), ("b", "tobias")):
            registry.run_making(
                (f"perimeter {month} {member}", f"Perimeters, {month}", "brigades"),
                f"spread {month} {member}",
                f"Outlook spread {month}",
                owner,
                f"{month}-30",
                recipe="Spread the fire 2",
                inputs={
                    "Weather grid": f"grid {month}",
                    "Fuel moisture": f"moisture {month}",
                    "Ignition points": "ignitions 2023",
                },
                model_version="6.0" if member == "a" else None,
                description=f"Outlook spread of {month}, member {member}.",
                annotations={"scenario": "outlook", "ensemble": member},
                **_FOR_STUDY,
            )


def _weather_and_fuel(registry: Registry, month: str, day: str) -> None:
    registry.run_making(
        (f"grid {month}", f"Weather grid, {month}", "weather office"),
        f"downscale {month}",
        f"Downscale {month}",
        "ruan",
        day,
        recipe="Downscale weather",
        inputs={"Coarse weather": "forecast", "Station observations": "stations 2"},
        model_version="4.0",
        annotations={"period": month},
        **_FOR_STUDY,
    )
    registry.run_making(
        (f"moisture {month}", f"Fuel moisture, {month}", "weather office"),
        f"dry {month}",
        f"Fuel moisture of {month}",
        "tobiasa",
        f"{month}-29",
        recipe="Dry the fuel",
        inputs={"Weather grid": f"grid {month}", "Fuel map": "fuel" if month == "2023-10" else "fuel 2"},
        model_version="1.1",
        annotations={"period": month},
        **_FOR_STUDY,
    )


def loose_ends(registry: Registry) -> None:
    """Runs of no study, the first begun before its fuel map was registered; a record that was set right."""
    registry.run_making(
        ("moisture trial", "Fuel moisture, trial of the new map", "weather office"),
        "dry trial",
        "Trial of the new fuel map",
        "tobias",
        "2023-09-15",
        recipe="Dry the fuel",
        inputs={"Weather grid": "grid dec", "Fuel map": "fuel 2"},
        description=" ",
        annotations={"period": "December 2019"},
    )
    registry.run_making(
        ("perimeter burn", "Perimeters, autumn burn", "brigades"),
        "spread burn",
        "Autumn burn, first try",
        "ruan",
        "2024-04-10",
        recipe="Spread the fire",
        inputs={
            "Weather grid": "grid 2024-01",
            "Fuel moisture": "moisture 2024-01",
            "Ignition points": "ignitions 2023",
        },
        model_version="6.0",
        annotations={"scenario": "burn"},
        requested_by="brigades",
    )
    registry.edit("ignitions", "saoirse", at("2023-05-05"), "Landholders asked for it.", _restrict)


def _restrict(content: Item) -> None:
    info = content["collection_format"]["dataset_info"]
    info["license"] = "https://creativecommons.org/licenses/by-nc/4.0/"
    info["usage_limitations"] = "Addresses of landholders: not to be shown at street level."

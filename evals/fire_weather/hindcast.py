"""The fire-weather programme's first work: what was observed, the Black Ridge fire, and its smoke."""

from __future__ import annotations

from typing import Any, Final

from evals.building import Registry, at

PLAINS: Final = (147.0, -37.5, 149.5, -35.5)
_RIDGE: Final = (148.0, -36.8, 148.6, -36.2)
_MONTHS: Final = (("dec", "December 2019", "2022-02-01"), ("jan", "January 2020", "2022-02-08"))
_FIRES: Final = (
    ("baseline", "Black Ridge, as observed", "2022-05-03"),
    ("late change", "Black Ridge, wind change three hours later", "2022-05-10"),
)
_FOR_STUDY: Final[dict[str, Any]] = {"study": "black ridge", "requested_by": "brigades"}


def observations(registry: Registry) -> None:
    """Datasets that no run made."""
    office: dict[str, Any] = {"by": "weather office", "custodian": "imke", "contact": "data@example.org"}
    registry.dataset(
        "forecast",
        "Global forecast archive",
        "imke",
        at("2021-04-01"),
        **office,
        elsewhere="https://archive.example.org/global",
        keywords=["forecast", "wind"],
    )
    registry.dataset(
        "stations",
        "Station observations of the ranges",
        "imke",
        at("2021-04-02"),
        **office,
        box=PLAINS,
        period=("2019-10-01", "2020-03-31"),
        keywords=["stations", "rainfall"],
    )
    fire: dict[str, Any] = {"by": "brigades", "box": _RIDGE}
    seen: dict[str, Any] = {**fire, "custodian": "saoirse", "period": ("2020-01-04", "2020-01-09")}
    burnt: dict[str, Any] = {**fire, "custodian": "hedda", "period": ("2020-01-04", "2020-01-31")}
    registry.dataset("fuel", "Fuel map of the ranges", "tobias", at("2021-05-01"), by="brigades", box=PLAINS)
    registry.dataset("ignitions", "Ignition points, Black Ridge", "saoirse", at("2022-01-20"), **seen)
    registry.dataset("settings", "Spread settings, no suppression", "saoirse", at("2022-01-21"), **fire)
    title = "Burnt area, Black Ridge, January 2020"
    registry.dataset("scar", title, "hedda", at("2022-01-25"), **burnt, licence="by-nc", released_by="imke")
    registry.dataset("cameras", "Lookout cameras, Black Ridge", "tobiasa", at("2022-01-26"), **fire)


def hindcast(registry: Registry) -> None:
    """The Black Ridge fire: weather, fuel, spread, and the score of each perimeter."""
    for key, month, day in _MONTHS:
        registry.run_making(
            (f"grid {key}", f"Weather grid, {month}", "weather office"),
            f"downscale {key}",
            f"Downscale {month}",
            "tobias",
            day,
            recipe="Downscale weather",
            inputs={"Coarse weather": "forecast", "Station observations": "stations"},
            model_version="3.1",
            annotations={"period": month},
            **_FOR_STUDY,
        )
    registry.run_making(
        ("grid jan", "", ""),
        "downscale jan again",
        "Downscale January 2020, without stations",
        "ruan",
        "2022-03-02",
        recipe="Downscale weather",
        inputs={"Coarse weather": "forecast"},
        model_version="3.2",
        description="The stations were off line from the fifth; the grid was written again without them.",
        annotations={"period": "January 2020"},
        **_FOR_STUDY,
    )
    for (key, month, _), day in zip(_MONTHS, ("2022-04-04", "2022-04-11"), strict=True):
        registry.run_making(
            (f"moisture {key}", f"Fuel moisture, {month}", "weather office"),
            f"dry {key}",
            f"Fuel moisture of {month}",
            "tobiasa",
            day,
            recipe="Dry the fuel",
            inputs={"Weather grid": f"grid {key}", "Fuel map": "fuel"},
            model_version="1.0",
            annotations={"period": month},
            **_FOR_STUDY,
        )
    for fire in _FIRES:
        _spread(registry, *fire)


def _spread(registry: Registry, key: str, title: str, day: str) -> None:
    settings = {"Spread settings": "settings"} if key == "baseline" else {}
    weather = {"Weather grid": "grid jan", "Fuel moisture": "moisture jan", "Ignition points": "ignitions"}
    registry.run_making(
        (f"perimeter {key}", f"Perimeters: {title}", "brigades"),
        f"spread {key}",
        title,
        "saoirse",
        day,
        recipe="Spread the fire",
        inputs=weather | settings,
        files={"Spread settings": {"settings_file": "off.yaml"}},
        model_version="5.0",
        annotations={"scenario": key},
        **_FOR_STUDY,
    )
    registry.run_making(
        (f"score {key}", f"Score: {title}", "brigades"),
        f"score of {key}",
        f"Score {title}",
        "hedda",
        f"{day[:-2]}2{day[-1]}",
        recipe="Score the perimeter",
        inputs={"Fire perimeter": f"perimeter {key}", "Burnt area": "scar"},
        **_FOR_STUDY,
    )


def smoke(registry: Registry) -> None:
    """What the valley towns breathed."""
    for (key, *_), day in zip(_FIRES, ("2022-08-01", "2022-08-02"), strict=True):
        registry.run_making(
            (f"smoke {key}", f"Smoke exposure, {key}", "smoke unit"),
            f"haze {key}",
            f"Smoke of the {key} fire",
            "hedda",
            day,
            recipe="Carry the smoke",
            inputs={"Fire perimeter": f"perimeter {key}", "Weather grid": "grid jan"},
            model_version="0.7",
            annotations={"scenario": key},
            study="towns",
            requested_by="smoke unit",
        )

"""An invented river-flood programme whose runs keep hashes of their files, and crates of runs not yet there.

What is in it on purpose: rain of which there is a second version, a catchment that is not released, a flood
map made by hand-registered work without hashes, and two models with one repository each.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from evals.building import Item, Registry, at

_PROGRAMS: Final = (
    ("runoff", "Runoff", ("Rain", "Catchment"), "Discharge"),
    ("inundation", "Inundation", ("Discharge",), "Flood map"),
)


def digest(name: str) -> str:
    """The SHA-256 of a file of the programme."""
    return hashlib.sha256(name.encode()).hexdigest()


def river() -> Registry:
    """The programme's registry."""
    registry = Registry("river")
    registry.person("ana", "Ana Ruiz", "2022-02-01", "hydrologist")
    registry.person("ben", "Ben Okoro", "2022-02-01", "modeller")
    name = "Basin Authority"
    registry.add("basin", "ORGANISATION", "ana", at("2022-02-02"), {"display_name": name, "name": name})
    study = {"display_name": "Flood risk 2024", "title": "Flood risk 2024", "description": "Where it floods."}
    registry.add("risk", "STUDY", "ana", at("2022-02-03"), study)
    _recipes(registry)
    _data(registry)
    return registry


def _recipes(registry: Registry) -> None:
    for role in ("Rain", "Catchment", "Discharge", "Flood map"):
        content: Item = {"display_name": role, "description": f"{role}.", "defined_resources": []}
        content["deferred_resources"] = []
        registry.add(role, "DATASET_TEMPLATE", "ben", at("2022-03-01"), content)
    for key, name, inputs, output in _PROGRAMS:
        model = {
            "display_name": name,
            "name": name,
            "description": f"{name} of a river.",
            "documentation_url": f"https://docs.example.org/{key}",
            "source_url": f"https://git.example.org/{key}.git",
        }
        registry.add(name, "MODEL", "ben", at("2022-03-02"), model)
        recipe: Item = {
            "display_name": f"Run {name}",
            "software_id": registry.ids[name],
            "input_templates": [{"template_id": registry.ids[role], "optional": False} for role in inputs],
            "output_templates": [{"template_id": registry.ids[output], "optional": False}],
            "annotations": {"required": [], "optional": []},
        }
        registry.add(f"run {key}", "MODEL_RUN_WORKFLOW_TEMPLATE", "ben", at("2022-03-03"), recipe)


def _data(registry: Registry) -> None:
    registry.dataset("rain", "Gauge rain 2023", "ana", at("2024-01-05"), by="basin", released_by="ana")
    registry.dataset("catchment", "Upper catchment", "ana", at("2024-01-06"), by="basin")
    registry.dataset("discharge", "Discharge 2023", "ben", at("2024-02-01"), by="basin", released_by="ana")
    ids = registry.ids
    registry.run_making(
        ("discharge", "Discharge 2023", "basin"),
        "runoff 2023",
        "Runoff of 2023",
        "ben",
        "2024-01-31",
        recipe="run runoff",
        inputs={"Rain": "rain", "Catchment": "catchment"},
        study="risk",
        annotations={
            "provena.program": "runoff.py",
            f"sha256:{digest('rain.csv')}": f"input rain.csv in {ids['rain']}",
            f"sha256:{digest('catchment.tif')}": f"input catchment.tif in {ids['catchment']}",
            f"sha256:{digest('discharge.nc')}": f"output discharge.nc in {ids['discharge']}",
        },
    )
    registry.run_making(
        ("flood", "Flood map 2023", "basin"),
        "inundation 2023",
        "Inundation of 2023",
        "ben",
        "2024-02-10",
        recipe="run inundation",
        inputs={"Discharge": "discharge"},
        study="risk",
        annotations={f"sha256:{digest('discharge.nc')}": f"input discharge.nc in {ids['discharge']}"},
    )
    registry.version("rain corrected", "rain", "ana", at("2024-03-01"), "Two gauges were mixed up")


def recorded(*files: Item, person: str = "Ben Okoro", **action: Any) -> Item:
    """A crate of a run of runoff.py that nobody registered; ``files`` are its inputs, the last its output."""
    *read, made = files
    run: Item = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "Runoff of 2024",
        "startTime": "2025-01-31T06:00:00Z",
        "endTime": "2025-01-31T07:30:00Z",
        "instrument": {"@id": "#runoff"},
        "object": [{"@id": each["@id"]} for each in read],
        "result": {"@id": made["@id"]},
        "agent": {"@id": "#who"},
        **action,
    }
    program: Item = {
        "@id": "#runoff",
        "@type": "SoftwareSourceCode",
        "name": "runoff.py",
        "version": "v2.1",
        "codeRepository": "https://git.example.org/runoff.git",
    }
    who = {"@id": "#who", "@type": "Person", "name": person}
    root = {"@id": "./", "@type": "Dataset", "name": "runoff-2024"}
    described = {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}}
    graph = [described, root, run, program, who, *files]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}


def known_file(name: str) -> Item:
    """A file of the programme in a crate: its content is known by its hash."""
    return {"@id": name, "@type": "File", "sha256": digest(name)}


def other_file(path: str, /, **more: str) -> Item:
    """A file in a crate that has no hash."""
    return {"@id": path, "@type": "File", **more}

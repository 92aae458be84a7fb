"""Reads and writes crates by the library ``rocrate``, which most tools of the field write theirs with.

``read FOLDER…`` prints what the library holds of each crate, as JSON: folder -> list of entities.
``write FOLDER`` makes a crate of a run there for each version of RO-Crate, and prints where they lie.
Runs in an environment of its own, without this project.
"""

# What it imports is installed elsewhere.
# pyright: reportMissingImports=false, reportMissingModuleSource=false
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

import json
import sys
from pathlib import Path

from rocrate.model.person import Person
from rocrate.model.softwareapplication import SoftwareApplication
from rocrate.rocrate import ROCrate


def read(folders):
    return {folder: [entity.as_jsonld() for entity in ROCrate(folder).get_entities()] for folder in folders}


def write(place):
    (place / "rain.csv").write_text("a,b\n1,2\n")
    (place / "flow.csv").write_text("1,2\n")
    made = {}
    for version in ("1.1", "1.2"):
        crate = ROCrate(version=version)
        crate.name = f"Flow, RO-Crate {version}"
        rain, flow = (
            crate.add_file(place / name, properties={"name": name}) for name in ("rain.csv", "flow.csv")
        )
        program = SoftwareApplication(
            crate, "#flow", properties={"name": "flow.py", "softwareVersion": "2.1"}
        )
        crate.add(program)
        person = crate.add(
            Person(crate, "https://orcid.org/0000-0002-1825-0097", {"name": "Josiah Carberry"})
        )
        times = {"startTime": "2020-01-01T00:00:00Z", "endTime": "2020-01-01T01:00:00Z"}
        properties = {"name": "Flow 2020", "agent": {"@id": person.id}, **times}
        crate.add_action(program, "#run", object=[rain], result=[flow], properties=properties)
        made[version] = str(place / f"crate-{version}")
        crate.write(made[version])
    return made


_, does, *places = sys.argv
sys.stdout.write(json.dumps(read(places) if does == "read" else write(Path(*places))))

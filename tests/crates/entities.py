"""What crates are made of: entities, references, and a crate of them."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

Node = dict[str, Any]


def ref(entity_id: str) -> Node:
    """A reference to an entity."""
    return {"@id": entity_id}


def crate(
    *entities: Node, root: Node | None = None, version: str = "1.1", metadata: str = "ro-crate-metadata.json"
) -> bytes:
    """A crate's metadata of these entities, with a descriptor and a root."""
    descriptor = {
        "@id": metadata,
        "@type": "CreativeWork",
        "conformsTo": ref(f"https://w3id.org/ro/crate/{version}"),
        "about": ref("./"),
    }
    whole = {"@id": "./", "@type": "Dataset", **(root or {})}
    graph = [descriptor, whole, *entities]
    return json.dumps({"@context": f"https://w3id.org/ro/crate/{version}/context", "@graph": graph}).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these members."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def profile(kind: str, version: str) -> Node:
    """A reference to a profile of run crates."""
    return ref(f"https://w3id.org/ro/wfrun/{kind}/{version}")

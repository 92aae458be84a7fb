"""What a stored model run asserts, as msgspec structs: the rest of its text is passed over unread.

Imported when the first run is lodged. What a run looks like is said by ``wire/items.py``; whatever these
refuse is read by the models there, which are more lenient.
"""

from __future__ import annotations

import msgspec


class StoredDataset(msgspec.Struct, gc=False):
    """A dataset in the role a dataset template gives it."""

    dataset_template_id: str
    dataset_id: str


class StoredAssociations(msgspec.Struct, gc=False):
    """Who ran it, and for whom."""

    modeller_id: str
    requesting_organisation_id: str | None = None


class StoredRecord(msgspec.Struct):
    """What a run used and made."""

    workflow_template_id: str
    associations: StoredAssociations
    inputs: tuple[StoredDataset, ...] = ()
    outputs: tuple[StoredDataset, ...] = ()
    study_id: str | None = None


class StoredRun(msgspec.Struct):
    """A registered model run."""

    id: str
    record: StoredRecord
    prov_serialisation: str | None = None


RUN = msgspec.json.Decoder(StoredRun)

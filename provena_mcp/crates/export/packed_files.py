"""Files in a zip: the same files give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip of ``files`` by path."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for path, content in files.items():
            # Without a time of its own: the earliest that the format knows.
            entry = ZipInfo(path)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


def unpack(packed: bytes) -> dict[str, bytes]:
    """The files of a zip that ``pack`` made, by path."""
    with ZipFile(BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def names_in(packed: bytes) -> list[str]:
    """The paths of the files in a zip that ``pack`` made."""
    with ZipFile(BytesIO(packed)) as archive:
        return archive.namelist()

"""Search finds what is called otherwise and means the same: a table of the field's synonyms and acronyms."""

from __future__ import annotations

import pytest

from tests.embedded.conftest import Http, Load
from tests.worlds.small import dataset

SEARCH = "/search/search/entity-registry"


async def found(http: Http, query: str) -> list[str]:
    async with http() as client:
        answer = await client.get(SEARCH, params={"query": query})
    return [hit["id"] for hit in answer.json()["results"]]


# What people ask, and how what they mean is called where it stands: no questions that the table of synonyms
# was made from, and some that it does not know.
QUESTIONS = [
    ("how much rain fell on the Daintree", "Daily precipitation totals, Daintree", True),
    ("SST anomalies 2016", "Sea surface temperature, Coral Sea", True),
    ("sea surface temperature near Heron Island", "OSTIA SST extract", True),
    ("chlorophyll maps", "Monthly CHL composites", True),
    ("where are the hurricanes", "Severe tropical cyclone tracks", True),
    ("inundation extents", "Flood footprints, Clarence", True),
    ("DEM of the coast", "Digital elevation model, Gold Coast", True),
    ("degree heating weeks", "DHW product", True),
    ("heights of waves swh", "Significant wave height hindcast", True),
    ("bathymetry of the lagoon", "Seabed depth soundings", True),
    ("carbon dioxide flux", "Air-sea CO2 exchange", True),
    ("drone survey", "UAV orthomosaics", True),
    ("GBR shelf", "Great Barrier Reef circulation", True),
    ("suspended sediment plume", "TSS from Landsat", True),
    ("river discharge", "Streamflow at Clare weir", True),
    ("soil moisture", "Root zone soil water content", True),
    ("crown of thorns", "COTS culling records", True),
    ("nitrate loads", "NO3 samples", True),
    ("vegetation index ndvi", "Normalised difference vegetation index", True),
    ("topography of the sea floor off Gladstone", "Multibeam bathymetry, Port Curtis", True),
    ("topography", "Elevation, Fitzroy catchment", True),
    ("topographic relief", "DEM 1 m, Townsville", True),
    ("turbidity after the flood", "Suspended sediment at Rockhampton", True),
    ("turbidity", "Water clarity, Keppel Bay", True),
    ("Secchi depth readings", "Turbidity loggers", True),
    ("bathymetry", "Elevation of the catchment", False),
    ("el nino", "ENSO indices", False),
    ("height of the tide", "Water level gauges", False),
    ("wind", "Anemometer records", False),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("question", "name", "is_found"), QUESTIONS)
async def test_what_is_called_otherwise_is_found_where_it_means_the_same(
    load: Load, http: Http, question: str, name: str, *, is_found: bool
) -> None:
    load([dataset("w/a", display_name=name), dataset("w/b", display_name="Plankton counts")])
    assert ("w/a" in await found(http, question)) == is_found


@pytest.mark.asyncio
async def test_a_word_itself_comes_before_its_synonyms(load: Load, http: Http) -> None:
    load([dataset("w/a", display_name="Precipitation"), dataset("w/b", display_name="Rainfall")])
    assert (await found(http, "rainfall"), await found(http, "precipitation")) == (
        ["w/b", "w/a"],
        ["w/a", "w/b"],
    )

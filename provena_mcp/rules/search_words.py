"""Words as searches compare them: normalised in queries and items alike, with their synonyms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_MARKS: Final = re.compile("[\u0300-\u036f]")
# Letters that Unicode takes for ones of their own, and that people without such keys write like this.
_PLAIN: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "\u0131": "i"}
)
# Scripts that put no blanks between words, and Hangul, whose words carry their particles: each letter counts
# as a word, and words are found as sequences of them.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)

# What people who model seas, coasts and catchments write for one another: each line is one thing.
_SYNONYMS: Final[tuple[tuple[str, ...], ...]] = (
    ("sst", "sea surface temperature"),
    ("sss", "sea surface salinity"),
    ("ssh", "sea surface height"),
    ("sla", "sea level anomaly"),
    ("slr", "sea level rise"),
    ("hs", "swh", "significant wave height"),
    ("dhw", "degree heating week", "degree heating weeks"),
    ("chl", "chla", "chlorophyll", "chlorophyll a"),
    ("tss", "total suspended solids", "suspended sediment", "suspended solids", "turbidity"),
    ("turbidity", "water clarity", "water transparency", "secchi depth"),
    ("din", "dissolved inorganic nitrogen"),
    ("dip", "dissolved inorganic phosphorus"),
    ("doc", "dissolved organic carbon"),
    ("poc", "particulate organic carbon"),
    ("tn", "total nitrogen"),
    ("tp", "total phosphorus"),
    ("par", "photosynthetically active radiation"),
    ("par", "photosynthetically available radiation"),
    ("ctd", "conductivity temperature depth"),
    ("adcp", "acoustic doppler current profiler"),
    ("auv", "autonomous underwater vehicle"),
    ("bathymetry", "seafloor depth", "sea floor depth", "seabed depth", "water depth"),
    ("seafloor", "sea floor", "seabed", "sea bed"),
    ("coastline", "shoreline"),
    ("seagrass", "sea grass"),
    ("sea ice", "seaice"),
    ("cots", "crown of thorns", "acanthaster"),
    ("gbr", "great barrier reef"),
    ("mpa", "marine protected area"),
    ("eez", "exclusive economic zone"),
    ("cpue", "catch per unit effort"),
    ("msy", "maximum sustainable yield"),
    ("rain", "rainfall", "precipitation"),
    ("runoff", "streamflow", "stream flow", "river flow", "river discharge"),
    ("flood", "flooding", "inundation"),
    ("bushfire", "wildfire", "wildland fire"),
    ("cyclone", "hurricane", "typhoon"),
    ("groundwater", "ground water"),
    ("soil moisture", "soil water", "soil water content"),
    ("solar radiation", "insolation", "solar irradiance"),
    ("wind speed", "windspeed"),
    ("elevation", "altitude"),
    ("dem", "digital elevation model", "digital terrain model", "dtm", "topography", "topographic"),
    ("topography", "topographic", "elevation", "terrain"),
    ("topography", "bathymetry"),
    ("lidar", "light detection and ranging"),
    ("sar", "synthetic aperture radar"),
    ("uav", "drone", "unmanned aerial vehicle"),
    ("ndvi", "normalised difference vegetation index", "normalized difference vegetation index"),
    ("lai", "leaf area index"),
    ("gpp", "gross primary production", "gross primary productivity"),
    ("npp", "net primary production", "net primary productivity"),
    ("land cover", "landcover"),
    ("enso", "el nino southern oscillation"),
    ("iod", "indian ocean dipole"),
    ("rcp", "representative concentration pathway"),
    ("ssp", "shared socioeconomic pathway"),
    ("cmip", "coupled model intercomparison project"),
    ("gcm", "general circulation model", "global climate model"),
    ("ghg", "greenhouse gas", "greenhouse gases"),
    ("co2", "carbon dioxide"),
    ("ch4", "methane"),
    ("n2o", "nitrous oxide"),
    ("no3", "nitrate"),
    ("nh4", "ammonium"),
    ("po4", "phosphate"),
)
_LONGEST: Final = 5


def _known() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Each phrase of the table, as its words, with all that means the same."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    for group in _SYNONYMS:
        for phrase in group:
            words = tuple(phrase.split())
            others = (other for other in group if other != phrase)
            known[words] = tuple(dict.fromkeys((*known.get(words, ()), *others)))
    return known


_ALIKE: Final = _known()


def fold(text: str) -> str:
    """A text as searches compare it: without case, accents, ligatures and widths; ß is ss, æ ae, ø o.

    Letters of scripts without blanks between words stand apart.
    """
    if text.isascii():
        return text.lower()  # as all of the below would have it
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    joined = unicodedata.normalize("NFKC", _MARKS.sub("", plain).translate(_PLAIN))
    return _UNSPACED.sub(r" \g<0> ", joined)


def tokens(text: str) -> list[str]:
    """The words of a text in order, folded."""
    return _WORD.findall(fold(text))


def words_of(query: str) -> tuple[str, ...]:
    """The words of a query, folded, each once; letters that stand apart are one word with blanks in it."""
    parts = re.split(r"[\W_]+", unicodedata.normalize("NFKC", query))
    return tuple(dict.fromkeys(word for part in parts if (word := " ".join(tokens(part)))))


def synonyms_of(words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Words in a row that have synonyms, in the plural too, each with the phrases that mean the same."""
    for begin in range(len(words)):
        for end in range(begin + 1, min(begin + _LONGEST, len(words)) + 1):
            phrase = words[begin:end]
            singular = (*phrase[:-1], phrase[-1].removesuffix("s"))
            alike = _ALIKE.get(phrase) or _ALIKE.get(singular)
            if alike:
                yield phrase, tuple(other for other in alike if other != " ".join(singular))

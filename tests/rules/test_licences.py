import pytest

from provena_mcp.rules.items.licences import licence_is, short_licence

BY = "https://creativecommons.org/licenses/by/4.0/"
BY_3 = "https://creativecommons.org/licenses/by/3.0/au/"
BY_NC = "https://creativecommons.org/licenses/by-nc/4.0/"
BY_NC_SA = "http://www.creativecommons.org/licenses/by-nc-sa/4.0"
ZERO = "https://creativecommons.org/publicdomain/zero/1.0/"
OWN = "https://data.example.org/licences/no-redistribution"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (BY, "CC BY 4.0"),
        (BY_NC, "CC BY-NC 4.0"),
        (BY_NC_SA, "CC BY-NC-SA 4.0"),
        (ZERO, "CC0 1.0"),
        (OWN, OWN),
        ("https://creativecommons.org/", "https://creativecommons.org/"),
    ],
)
def test_creative_commons_licences_have_short_names(url: str, name: str):
    assert short_licence(url) == name


@pytest.mark.parametrize(
    ("wanted", "which"),
    [
        ("CC BY", {BY, BY_3}),
        ("cc by 4.0", {BY}),
        ("CC-BY-4.0", {BY}),
        ("CC BY-NC", {BY_NC}),
        ("CC BY NC SA", {BY_NC_SA}),
        (BY, {BY}),
        ("https://creativecommons.org/licenses/by-nc/4.0", {BY_NC}),
        ("CC0", {ZERO}),
        ("redistribution", {OWN}),
        ("MIT", set()),
    ],
)
def test_a_licence_is_found_by_any_of_its_names_and_is_no_other(wanted: str, which: set[str]):
    assert {url for url in (BY, BY_3, BY_NC, BY_NC_SA, ZERO, OWN) if licence_is(url, wanted)} == which

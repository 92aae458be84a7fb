import pytest

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.items.extents import Box, box_of_ewkt, box_of_numbers


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("SRID=4326;POINT(151.9 -23.45)", Box(151.9, -23.45, 151.9, -23.45)),
        ("SRID=4326;POLYGON((146 -17, 146.5 -17, 146.5 -16, 146 -17))", Box(146, -17, 146.5, -16)),
        ("POLYGON ((1 2, 3 4, 5 0, 1 2), (2 2, 2.5 2.5, 2 3, 2 2))", Box(1, 0, 5, 4)),
        ("SRID=4326;MULTIPOLYGON(((1 1,2 1,2 2,1 1)),((8 8,9 8,9 9,8 8)))", Box(1, 1, 9, 9)),
        ("SRID=4326;LINESTRING Z (1 2 -5, 3 4 -6)", Box(1, 2, 3, 4)),
        ("SRID=4326;POINT(1.5e1 -2E-1)", Box(15, -0.2, 15, -0.2)),
    ],
)
def test_the_box_around_any_shape_is_found(text: str, box: Box):
    assert box_of_ewkt(text) == box


@pytest.mark.parametrize(
    "text", ["", "nowhere", "SRID=4326;POLYGON EMPTY", "SRID=28355;POINT(512345 7654321)"]
)
def test_what_holds_no_degrees_has_no_box(text: str):
    assert box_of_ewkt(text) is None


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ((0, 0, 2, 2), (1, 1, 3, 3), True),
        ((0, 0, 2, 2), (2, 2, 3, 3), True),
        ((0, 0, 1, 1), (2, 0, 3, 1), False),
        ((0, 0, 1, 1), (0, 2, 1, 3), False),
        ((170, -5, -170, 5), (-179, 0, -178, 1), True),
        ((170, -5, -170, 5), (175, 0, 176, 1), True),
        ((170, -5, -170, 5), (0, 0, 1, 1), False),
        ((170, -5, -170, 5), (160, -5, -175, 5), True),
    ],
)
def test_boxes_overlap_also_across_the_180th_meridian(
    one: tuple[int, int, int, int], other: tuple[int, int, int, int], overlap: bool
):
    assert Box(*one).overlaps(Box(*other)) is overlap
    assert Box(*other).overlaps(Box(*one)) is overlap


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([1, 2, 3], "bbox takes 4 numbers, not 3."),
        ([0, 10, 1, 5], "bbox [0, 10, 1, 5] is not a box in degrees."),
        ([-200, 0, 1, 5], "bbox [-200, 0, 1, 5] is not a box in degrees."),
    ],
)
def test_a_box_that_cannot_be_meant_is_refused(numbers: list[float], message: str):
    with pytest.raises(ArgumentError) as refusal:
        box_of_numbers(numbers)
    assert refusal.value.message == message
    assert "west, south, east, north" in refusal.value.advice

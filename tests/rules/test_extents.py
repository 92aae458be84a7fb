import pytest

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.items.extents import Box, box_of_numbers, boxes_of_ewkt


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        ("SRID=4326;POINT(151.9 -23.45)", [(151.9, -23.45, 151.9, -23.45)]),
        ("SRID=4326;POLYGON((146 -17, 146.5 -17, 146.5 -16, 146 -17))", [(146, -17, 146.5, -16)]),
        (
            "POLYGON ((1 2, 3 4, 5 0, 1 2), (2 2, 2.5 2.5, 2 3, 2 2))",
            [(1, 0, 5, 4), (2, 2, 2.5, 3)],
        ),
        ("SRID=4326;MULTIPOLYGON(((1 1,2 1,2 2,1 1)),((8 8,9 8,9 9,8 8)))", [(1, 1, 2, 2), (8, 8, 9, 9)]),
        ("SRID=4326;LINESTRING Z (1 2 -5, 3 4 -6)", [(1, 2, 3, 4)]),
        ("SRID=4326;POINT(1.5e1 -2E-1)", [(15, -0.2, 15, -0.2)]),
        ("SRID=4326;POINT(.5 -.5)", [(0.5, -0.5, 0.5, -0.5)]),
    ],
)
def test_a_box_around_each_part_of_any_shape_is_found(text: str, boxes: list[tuple[float, ...]]):
    assert boxes_of_ewkt(text) == tuple(Box(*box) for box in boxes)


# Corners of a box from 176 east to 174 west, and of one from 170 west to 170 east; in every order and sense.
_NARROW, _WIDE = (176, -22, -174, -15), (-170, -15, 170, 15)


def ring(corners: list[tuple[float, float]]) -> str:
    return "POLYGON((" + ", ".join(f"{x} {y}" for x, y in [*corners, corners[0]]) + "))"


def counter_clockwise(west: float, south: float, east: float, north: float, first: int) -> str:
    corners = [(west, south), (east, south), (east, north), (west, north)]
    return ring(corners[first:] + corners[:first])


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("box", [_NARROW, _WIDE])
def test_a_ring_that_turns_the_usual_way_may_cross_the_180th_meridian_or_span_the_globe(
    box: tuple[float, float, float, float], first: int
):
    assert boxes_of_ewkt(counter_clockwise(*box, first)) == (Box(*box),)


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("POLYGON((165 -25, 200 -25, 200 -5, 165 -5, 165 -25))", (165, -25, -160, -5)),
        ("POLYGON((200 -25, 210 -25, 210 -5, 200 -5, 200 -25))", (-160, -25, -150, -5)),
        ("POLYGON((350 0, 10 0, 10 5, 350 5, 350 0))", (-10, 0, 10, 5)),
        ("POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))", (-180, -90, 180, 90)),
        ("POLYGON((-180 -90, -180 90, 180 90, 180 -90, -180 -90))", (-180, -90, 180, 90)),
        ("POLYGON((0 -90, 0 90, 360 90, 360 -90, 0 -90))", (-180, -90, 180, 90)),
        (
            "POLYGON((-179.75 -90, -179.75 90, 179.75 90, 179.75 -90, -179.75 -90))",
            (-179.75, -90, 179.75, 90),
        ),
        ("LINESTRING(170 -10, -170 -12)", (170, -12, -170, -10)),
    ],
)
def test_longitudes_may_be_counted_from_0_and_the_globe_may_be_all_of_it(
    text: str, box: tuple[float, float, float, float]
):
    assert boxes_of_ewkt(text) == (Box(*box),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nowhere",
        "SRID=4326;POLYGON EMPTY",
        "SRID=28355;POINT(512345 7654321)",
        "SRID=4326;POLYGON((151,8 -23,6, 152,1 -23,6, 152,1 -23,3, 151,8 -23,6))",
        "SRID=4326;POINT(151,8 -23,6)",
        "SRID=4326;POINT(151.8)",
        "SRID=4326;POINT(1 2 3 4 5)",
        "SRID=4326;POINT(north east)",
        "SRID=4326;MULTIPOINT((1 2), (3))",
    ],
)
def test_what_cannot_be_read_as_degrees_has_no_box(text: str):
    assert boxes_of_ewkt(text) == ()


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
        ((170, -5, 180, 5), (-180, -5, -170, 5), True),
        ((-180, -5, 180, 5), (30, 0, 31, 1), True),
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
        ([-400, 0, 1, 5], "bbox [-400, 0, 1, 5] is not a box in degrees."),
        ([0, -91, 1, 5], "bbox [0, -91, 1, 5] is not a box in degrees."),
    ],
)
def test_a_box_that_cannot_be_meant_is_refused(numbers: list[float], message: str):
    with pytest.raises(ArgumentError) as refusal:
        box_of_numbers(numbers)
    assert refusal.value.message == message
    assert "west, south, east, north" in refusal.value.advice


def test_a_box_may_count_longitudes_from_0():
    assert [box_of_numbers(box) for box in ([170, 0, 190, 5], [200, 0, 210, 5], [0, 0, 360, 5])] == [
        Box(170, 0, -170, 5),
        Box(-160, 0, -150, 5),
        Box(-180, 0, 180, 5),
    ]

"""Boxes over faces: larger, held, joined over gaps and on the way; the whole picture rather than too few."""

from collections.abc import Sequence

from workers.media.covering import MOST, Box, covered, steering
from workers.media.shape import Picture

WHOLE = (0, 0, 10_000, 10_000)
FACE = (4000, 4000, 5000, 5000)
NONE: list[Box] = []


def covers(boxes: Sequence[Box], face: Box) -> bool:
    return any(
        box[0] <= face[0] and box[1] <= face[1] and box[2] >= face[2] and box[3] >= face[3] for box in boxes
    )


def moved(by: int) -> Box:
    return FACE[0] + by, FACE[1], FACE[2] + by, FACE[3]


def test_a_box_is_larger_than_the_face() -> None:
    assert covered([[FACE]])[0] == ((3700, 3700, 5300, 5300),)


def test_a_box_at_the_edge_ends_there() -> None:
    assert covered([[(0, 0, 1000, 10_000)]])[0] == ((0, 0, 1300, 10_000),)


def test_a_box_begins_earlier_and_ends_later_than_the_face_is_seen() -> None:
    plan = covered([*[NONE] * 10, [FACE], *[NONE] * 10])
    assert [at for at, boxes in enumerate(plan) if boxes] == [7, 8, 9, 10, 11, 12, 13]


def test_what_was_seen_last_is_covered_after_the_last_picture() -> None:
    assert all(covers(boxes, FACE) for boxes in covered([NONE, [FACE]]))
    assert len(covered([NONE, [FACE]])) == 5


def test_a_face_that_comes_back_near_by_was_there_all_the_time() -> None:
    plan = covered([[FACE], *[NONE] * 9, [moved(1500)]])
    assert all(covers(boxes, FACE) and covers(boxes, moved(1500)) for boxes in plan[:11])


def test_a_face_that_stays_away_is_let_go() -> None:
    assert () in covered([[FACE], *[NONE] * 12, [FACE]])


def test_the_way_of_a_face_that_moves_fast_is_covered() -> None:
    plan = covered([[moved(by)] for by in (-3000, -1000, 1000, 3000)])
    for at in range(3):
        for part in range(0, 2001, 100):
            assert covers(plan[at], moved(-3000 + 2000 * at + part))
            assert covers(plan[at + 1], moved(-3000 + 2000 * at + part))


def test_faces_apart_have_boxes_of_their_own() -> None:
    assert len(covered([[(1000, 1000, 1500, 1500), (7000, 1000, 7500, 1500)]])[0]) == 2


def test_more_faces_than_boxes_cover_the_whole_picture() -> None:
    row: list[Box] = [(1000 * each, 0, 1000 * each + 300, 300) for each in range(MOST + 1)]
    assert covered([row[:-1]])[0] != (WHOLE,)
    assert covered([row])[0] == (WHOLE,)


def test_nothing_is_shown_that_was_not_looked_at() -> None:
    """The filters begin with all of it covered; the last words cover all of it again."""
    lines = steering(covered([[FACE]] * 5), Picture(640, 360, "30")).decode().splitlines()
    assert lines[0].startswith("0.000 ")
    assert lines[-1].startswith("1.500 ")
    assert lines[-1].count("drawbox@face0") == 4
    for words in ("x 0", "y 0", "w 640", "h 360"):
        assert f"drawbox@face0 {words}" in lines[-1]


def test_a_word_is_said_only_where_something_changes() -> None:
    lines = steering(covered([[FACE]] * 500), Picture(640, 360, "30")).splitlines()
    assert len(lines) == 2


def test_boxes_lie_on_even_pixels_outside_of_what_they_cover() -> None:
    text = steering([((1, 1, 9999, 9999),)], Picture(642, 362, "30")).decode()
    assert "drawbox@face0 x 0, drawbox@face0 y 0, drawbox@face0 w 642, drawbox@face0 h 362" in text

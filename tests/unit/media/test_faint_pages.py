"""Faint writing is helped, gently; everything else stays as it was."""

from itertools import groupby, pairwise

import pytest
from PIL import Image, ImageDraw

from tests.support.media import written_page
from workers.sandbox.children.bind import BRIGHT, ENOUGH, FAINT, FAINTEST, HELP, curve, helped


def page(paper: int, ink: int) -> Image.Image:
    """Lines of writing, on about a twentieth of the page."""
    drawn = Image.new("RGB", (620, 877), (paper, paper, paper - 10))
    draw = ImageDraw.Draw(drawn)
    for top in range(60, 800, 40):
        draw.line((60, top, 560, top + 3), fill=(ink, ink, ink + 5), width=4)
    return drawn


@pytest.mark.parametrize(("paper", "ink"), [(215, 185), (240, 180), (150, 125), (230, 150)])
def test_pencil_becomes_darker_and_the_paper_stays(paper: int, ink: int) -> None:
    seen = sorted(set(helped(page(paper, ink)).convert("L").tobytes()))
    assert seen[-1] == pytest.approx(paper, abs=3)
    before = paper - ink
    assert before * 1.3 < paper - seen[0] <= min(before * HELP, ENOUGH) + 6


@pytest.mark.parametrize("drawn", [page(250, 30), page(220, 120), written_page(620, 877)])
def test_what_can_be_read_already_stays_as_it_is(drawn: Image.Image) -> None:
    assert helped(drawn) is drawn


def test_an_empty_page_and_a_photograph_stay_as_they_are() -> None:
    empty = Image.effect_noise((620, 877), 4).point(lambda grey: grey + 80).convert("RGB")
    fog = Image.linear_gradient("L").point(lambda grey: 120 + grey // 4).convert("RGB")
    night = page(60, 30)
    for picture in (empty, fog, night):
        assert helped(picture) is picture


def test_nothing_is_ever_lost_in_black_or_in_white() -> None:
    for paper in range(BRIGHT, 256):
        for ink in range(max(1, paper - FAINT + 1), paper - FAINTEST + 1):
            made = curve(ink, paper)
            assert len(made) == 256
            assert (made[0], made[paper], made[255]) == (0, paper, 255)
            assert all(later >= earlier for earlier, later in pairwise(made))
            assert max(len(list(same)) for _, same in groupby(made)) <= 3


def test_colours_of_a_pen_stay_apart() -> None:
    drawn = page(225, 190)
    ImageDraw.Draw(drawn).line((60, 830, 560, 833), fill=(180, 190, 215), width=4)
    red, _, blue = helped(drawn).getpixel((300, 832))  # type: ignore[misc]
    assert blue > red + 35

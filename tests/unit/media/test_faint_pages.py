"""Faint writing is helped, gently; everything else stays as it was."""

from collections.abc import Callable
from itertools import groupby, pairwise

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

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


def lit(drawn: Image.Image, darkest: int, way: Image.Image) -> Image.Image:
    """The same in light that falls off from all to that share (of 255) the way that a grey picture goes."""
    light = way.resize(drawn.size).point([darkest + grey * (255 - darkest) // 255 for grey in range(256)])
    return ImageChops.multiply(drawn, Image.merge("RGB", [light] * 3))


def grained(drawn: Image.Image) -> Image.Image:
    """The same with the noise of a camera."""
    noise = Image.merge("RGB", [Image.effect_noise(drawn.size, 4)] * 3)
    return ImageChops.add(drawn, noise, offset=-128)


def contrast(picture: Image.Image, place: tuple[int, int]) -> int:
    """How much darker the darkest is than paper, in a piece of the page around a line of writing."""
    piece = picture.convert("L").crop((place[0], place[1], place[0] + 60, place[1] + 20)).filter(SMOOTH)
    seen = piece.tobytes()
    return max(seen) - min(seen)


SMOOTH = ImageFilter.BoxBlur(1)
ASIDE = Image.linear_gradient("L").rotate(90)
SHADOW = ASIDE.point([255 * (grey > 127) for grey in range(256)]).filter(ImageFilter.GaussianBlur(25))


@pytest.mark.parametrize("way", [ASIDE, Image.linear_gradient("L"), SHADOW], ids=["aside", "down", "shadow"])
def test_pencil_is_helped_in_uneven_light_too(way: Image.Image) -> None:
    photograph = grained(lit(page(230, 190), 178, way))  # paper from 160 to 230
    made = helped(photograph)
    for place in [(80, 51), (480, 51), (280, 371), (80, 731), (480, 731)]:
        assert contrast(made, place) > contrast(photograph, place) * 1.35
    before, after = (
        sorted(picture.convert("L").resize((31, 44)).tobytes()) for picture in (photograph, made)
    )
    assert after[-1] == pytest.approx(before[-1], abs=3), "the paper stays as light"
    assert before[100] - after[100] < 12, "and so does its shadow"


@pytest.mark.parametrize("table", [(60, 45, 35), (95, 80, 70)])
def test_pencil_on_a_page_that_lies_on_a_table_is_helped_and_the_table_is_not(
    table: tuple[int, int, int],
) -> None:
    scene = Image.new("RGB", (900, 1200), table)
    scene.paste(page(215, 180), (130, 150))
    photograph = grained(lit(scene, 200, ASIDE))
    made = helped(photograph)
    for place in [(210, 201), (610, 201), (410, 521), (210, 881)]:
        assert contrast(made, place) > contrast(photograph, place) * 1.35
    for edge in [(0, 0, 110, 1200), (0, 0, 900, 130), (770, 0, 900, 1200), (0, 1050, 900, 1200)]:
        assert made.crop(edge).tobytes() == photograph.crop(edge).tobytes()


def landscape() -> Image.Image:
    """A light sky over hills, and a house."""
    drawn = lit(Image.new("RGB", (800, 600), (190, 210, 240)), 200, Image.linear_gradient("L"))
    draw = ImageDraw.Draw(drawn)
    draw.polygon([(0, 600), (0, 380), (220, 300), (450, 400), (800, 280), (800, 600)], fill=(70, 100, 60))
    draw.rectangle((300, 330, 480, 480), fill=(210, 190, 160))
    draw.rectangle((340, 370, 380, 420), fill=(60, 60, 80))
    return drawn


def portrait() -> Image.Image:
    """Somebody in front of a light wall."""
    drawn = lit(Image.new("RGB", (600, 800), (225, 222, 215)), 190, ASIDE)
    draw = ImageDraw.Draw(drawn)
    draw.ellipse((60, 560, 540, 1100), fill=(120, 140, 180))
    draw.ellipse((180, 180, 420, 560), fill=(220, 180, 155))
    draw.ellipse((170, 150, 430, 330), fill=(130, 100, 80))
    for left in (240, 330):
        draw.ellipse((left, 350, left + 34, 366), fill=(150, 120, 105))
    draw.line((260, 480, 345, 480), fill=(180, 120, 110), width=8)
    return drawn


def leaves() -> Image.Image:
    """Many small things, light and dark."""
    small = Image.effect_noise((80, 60), 60).resize((800, 600), Image.Resampling.BICUBIC)
    return Image.merge(
        "RGB", [small.point(lambda grey: grey * 3 // 4), small, small.point(lambda grey: grey // 2)]
    )


def clouds() -> Image.Image:
    """Light and soft all over."""
    soft = Image.effect_noise((20, 15), 60).resize((800, 600), Image.Resampling.BICUBIC)
    return soft.point(lambda grey: 150 + grey * 2 // 5).convert("RGB")


@pytest.mark.parametrize("scene", [landscape, portrait, leaves, clouds])
def test_a_photograph_of_something_else_stays_as_it_is(scene: Callable[[], Image.Image]) -> None:
    photograph = grained(scene())
    assert helped(photograph) is photograph


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

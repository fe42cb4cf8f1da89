import pytest

from workers.media.model import GIBIBYTE, Kind, Limits, MediaRefused, Reason


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_tells_the_author_what_to_do(reason: Reason) -> None:
    sentence = MediaRefused(reason).public
    assert sentence == reason.sentence
    assert sentence.endswith(".")
    assert "lease" in sentence or "choose" in sentence, "it says what to do"
    assert not set(sentence) & set("<>{}"), "it is plain text"


def test_the_largest_file_is_four_gibibytes() -> None:
    assert Limits(input_bytes=4 * GIBIBYTE).input_bytes == 4 * GIBIBYTE
    with pytest.raises(ValueError, match="4 GiB"):
        Limits(input_bytes=4 * GIBIBYTE + 1)


def test_sound_may_be_longer_than_film() -> None:
    assert Limits().seconds(Kind.AUDIO) == 3600
    assert Limits().seconds(Kind.VIDEO) == 1800

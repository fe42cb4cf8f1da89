import pytest

from relay.errors import Invalid
from relay.exchange.letters import checked, visible

MESSAGE = b"my number is 0123"


@pytest.mark.parametrize(
    "hidden",
    [
        "".join(chr(0xE0100 + byte) for byte in MESSAGE),  # variation selectors
        "".join(chr(0xE0000 + byte) for byte in MESSAGE),  # tags
        "".join("\u200c\u200d"[bit == "1"] for byte in MESSAGE for bit in f"{byte:08b}"),  # joiners
        "\u200b\u2060\u2063\ufeff\u00ad\u202e\u2066\u061c",
        "\u034f\u115f\u1160\u17b4\u3164\uffa0\u2800\ufe0f\ufe00\u180b\u180f\u2065\ufff0",
        "\ue000\U000f0000\ufdd0\U000e01f0",
    ],
)
def test_what_nobody_sees_is_taken_out(hidden: str) -> None:
    assert visible(f"Dear {hidden}you{hidden}.") == "Dear you."
    with pytest.raises(Invalid, match="empty"):
        checked(hidden, 1000)


@pytest.mark.parametrize(
    "text",
    [
        "Zażółć gęślą jaźń.\n\tCześć, naïve café – “no”…",
        "می\u200cخواهم بنویسم",
        "معاف کیجیے، میں نے بہت سوچا ہے۔",
        "क्\u200dष और क्\u200cष",
        "\U0001f469\u200d\U0001f467 \u2764 \U0001f44d\U0001f3fd",
        "한국어 文字 かな עִבְרִית ไทย",
    ],
)
def test_what_a_script_needs_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    "text", ["a\u200cb", "\u200cabc", "abc\u200d", "می\u200c\u200dخواهم", "می \u200cخواهم"]
)
def test_a_joiner_that_joins_nothing_is_taken_out(text: str) -> None:
    assert visible(text) == text.replace("\u200c", "").replace("\u200d", "")


def test_taking_out_twice_changes_nothing() -> None:
    text = "می\u200c\u034f\u200cخواهم a\u200d\u200c\U0001f469\u200d\U000e0101\U0001f467"
    assert visible(visible(text)) == visible(text)

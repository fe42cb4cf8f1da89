"""Words on pages: every coded reason has a sentence of its own for the author."""

from relay.review.model import Reason
from relay.web.shared.words import reason, word


def test_every_reason_reads_as_a_sentence_to_its_author() -> None:
    sentences = {reason(code) for code in Reason}
    assert len(sentences) == len(Reason)
    assert all(sentence.endswith(".") for sentence in sentences)
    assert reason("one_of_tomorrow") == word("one_of_tomorrow")

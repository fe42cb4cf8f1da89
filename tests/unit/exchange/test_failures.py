"""The words for an author cover what the workers can answer."""

from relay.exchange.failures import CODES, sentence
from workers.media.model import Reason


def test_every_reason_of_the_workers_has_words_for_its_author_and_there_are_no_others() -> None:
    assert {reason.value for reason in Reason} == CODES


def test_a_code_that_is_not_known_still_says_what_to_do() -> None:
    assert "another format" in sentence("from-a-newer-worker")


def test_no_failure_has_no_words() -> None:
    assert sentence(None) == ""


def test_the_page_that_it_is_because_of_is_named() -> None:
    assert sentence("damaged", 3).startswith("Page 3 is damaged")
    assert "page 12 is larger" in sentence("too-many-pixels", 12)


def test_a_page_is_not_named_where_it_is_because_of_all_of_them() -> None:
    assert sentence("too-many-pages", 3) == sentence("too-many-pages")
    assert sentence("damaged") == sentence("damaged", None)

"""What an author reads about what they have made and not sent."""

import re

import pytest

from tests.functional.test_uploads import begun, patch
from tests.support.web import Exchange


async def test_removing_an_uploaded_file_says_what_is_lost_and_an_empty_draft_says_nothing_of_it(
    exchange: Exchange,
) -> None:
    item_id = await exchange.start(exchange.victim, "audio")
    lost = "The file that you uploaded is removed for good"
    empty = (await exchange.victim.http.get(f"/items/{item_id}")).text
    assert "There is nothing in it." in empty
    assert lost not in empty
    address = await begun(exchange.victim, item_id, 100)
    assert (await patch(exchange.victim, address, 0, b"x" * 100)).status_code == 204
    page = (await exchange.victim.http.get(f"/items/{item_id}")).text
    assert lost in page
    assert "There is nothing in it." not in page


@pytest.mark.parametrize("kind", ["audio", "video", "document"])
async def test_who_has_no_script_reads_what_to_record_with(exchange: Exchange, kind: str) -> None:
    item_id = await exchange.start(exchange.victim, kind)
    page = (await exchange.victim.http.get(f"/items/{item_id}")).text
    says = "Recording here needs JavaScript. You can record with another app, and choose the file."
    assert (f'<noscript><p class="soft">{says}</p></noscript>' in page) is (kind != "document")


async def test_what_was_begun_on_one_day_is_told_apart_by_its_time(exchange: Exchange) -> None:
    await exchange.start(exchange.victim)
    await exchange.start(exchange.victim)
    page = (await exchange.victim.http.get(f"/cases/{exchange.case_id}")).text
    lines = re.findall(r"Letter \d, started (\d+ \w+ \d{4}, \d\d:\d\d \w+)</a> <span[^>]*>([^<]+)", page)
    assert [state for _, state in lines] == ["Not sent yet, and empty"] * 2

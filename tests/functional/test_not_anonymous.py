"""A disguise makes it harder to know somebody, and no more: each page that offers or shows one says so."""

from pathlib import Path

from tests.functional.test_hiding import sent
from tests.functional.test_uploads import begun, patch
from tests.support import media
from tests.support.web import Exchange


async def test_an_author_reads_it_where_a_disguise_is_chosen(exchange: Exchange, tmp_path: Path) -> None:
    recording = media.speech(tmp_path, seconds=1).read_bytes()
    item_id = await exchange.start(exchange.victim, "audio")
    address = await begun(exchange.victim, item_id, len(recording))
    assert (await patch(exchange.victim, address, 0, recording)).status_code == 204
    page = (await exchange.victim.http.get(f"/items/{item_id}")).text
    offered = page.partition("Change my voice")[2].partition("</fieldset>")[0]
    assert (
        "It does not make you anonymous: somebody who knows you may still know you by your words" in offered
    )
    assert "some of it can be undone with effort" in offered


async def test_a_facilitator_reads_it_where_one_is_offered_and_where_one_was_made(
    exchange: Exchange, tmp_path: Path
) -> None:
    recording = media.speech(tmp_path, seconds=1).read_bytes()
    item = await sent(exchange, recording, "audio", {"voice": True})
    page = (await exchange.desk.http.get(item)).text
    made = page.partition("Its author asked for a disguise")[2].partition("</section>")[0]
    assert "It does not make them anonymous: who knows them may still know them by their words" in made
    form = (await exchange.desk.http.get(f"{item}/hide")).text
    offered = form.partition("Change the voice")[2].partition("</fieldset>")[0]
    assert (
        "It does not make them anonymous: who knows the person may still know them by their words" in offered
    )
    assert "some of it can be undone with effort" in offered

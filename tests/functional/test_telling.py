"""What was done to something is said on each side: to its author before they agree, on the desk, to who
receives it.
"""

import html
from pathlib import Path
from typing import Any

import psycopg
import pytest

from relay.db.transaction import Surface
from relay.exchange.moments import microseconds
from relay.identity.invitations import invite_again
from relay.vault.statements import Approval, OfRendition
from tests.functional.test_hiding import NOTE, made, sent, taken, told
from tests.functional.test_uploads import begun, patch
from tests.support import media
from tests.support.web import Exchange, seated
from tests.support.work import work_off

AGREED = "The person who made it agreed to that."
ASKED = "The person who made it asked for that."


async def seen(client: Any, path: str) -> str:
    answer = await client.http.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


async def agreed(exchange: Exchange, item: str) -> None:
    proposal = await exchange.victim.ask(f"{item}/proposal")
    named = {key: proposal[key] for key in ("rendition_id", "sha256")}
    await exchange.victim.do(f"{item}/agreement", named)


async def given(exchange: Exchange, item: str) -> str:
    """Approve it and pass it on. Return the release."""
    item_id = item.rpartition("/")[2]
    await exchange.approve(item_id)
    return await exchange.release(item_id)


async def is_told(exchange: Exchange, release: str, changes: dict[str, Any], sentence: str) -> None:
    """Before it is opened and after."""
    for _ in ("before", "after"):
        assert sentence in await seen(exchange.offender, f"/received/{release}")
        assert (await exchange.offender.ask(f"/deliveries/{release}"))["changes"] == changes
        await exchange.offender.do(f"/deliveries/{release}/choice", {"choice": "open"})


async def test_each_side_reads_the_same_sentence_before_anything_is_decided(exchange: Exchange) -> None:
    sentence = f"Before this was passed on, parts of it were hidden. {AGREED}"
    item, desk = await taken(exchange), exchange.desk
    shown = await desk.send(f"{item}/hide", then="check", note=NOTE, revision=1, words="Anna")
    assert sentence in html.unescape(shown.text)
    await made(desk, item, words="Anna")
    await work_off(exchange.room)
    asked = await seen(exchange.victim, item)
    assert sentence in asked
    assert asked.index(sentence) < asked.index("I agree to this version")
    await agreed(exchange, item)
    await desk.do(f"{item}/claim")
    page = await seen(desk, item)
    assert sentence in page
    assert page.index(sentence) < page.index("Approve it as it is")
    changes = {"author": "agreed", "what": ["parts hidden"]}
    assert (await desk.ask(item))["changes"] == changes
    await is_told(exchange, await given(exchange, item), changes, sentence)


async def test_of_what_is_given_back_or_was_never_changed_nothing_is_said(exchange: Exchange) -> None:
    item, desk = await taken(exchange), exchange.desk
    assert "Before this was passed on" not in await seen(desk, item)
    await made(desk, item, words="Anna")
    await work_off(exchange.room)
    await desk.do(f"{item}/claim")
    shown = await desk.send(f"{item}/hide", then="check", note=NOTE, revision=2)
    assert "Nothing is hidden any more" in shown.text
    assert "Before this was passed on" not in shown.text
    await desk.send(f"{item}/hide", then="make", note=NOTE, revision=2, checked=told(shown.text, "checked"))
    await work_off(exchange.room)
    assert "Before this was passed on" not in await seen(exchange.victim, item)
    await agreed(exchange, item)
    release = await given(exchange, item)
    assert "Before this was passed on" not in await seen(exchange.offender, f"/received/{release}")
    assert (await exchange.offender.ask(f"/deliveries/{release}"))["changes"] is None


@pytest.mark.parametrize("how", ["mute", "cut"])
async def test_a_recording_says_that_parts_are_missing(exchange: Exchange, tmp_path: Path, how: str) -> None:
    item = await sent(exchange, media.speech(tmp_path, seconds=3).read_bytes(), "audio")
    await made(exchange.desk, item, **{"from": "0:01", "to": "0:02"}, how=how)
    await work_off(exchange.room)
    await agreed(exchange, item)
    sentence = f"Before this was passed on, parts of it were hidden or left out. {AGREED}"
    changes = {"author": "agreed", "what": ["parts hidden"]}
    await is_told(exchange, await given(exchange, item), changes, sentence)


async def test_a_scan_says_that_parts_are_black(exchange: Exchange, tmp_path: Path) -> None:
    item = await sent(exchange, media.document(tmp_path, pages=1).read_bytes(), "document")
    await made(exchange.desk, item, page="1", left="10", top="10", right="60", bottom="40")
    await work_off(exchange.room)
    await agreed(exchange, item)
    sentence = f"Before this was passed on, parts of it were hidden. {AGREED}"
    changes = {"author": "agreed", "what": ["parts hidden"]}
    await is_told(exchange, await given(exchange, item), changes, sentence)


async def test_what_an_author_asked_for_is_not_called_an_agreement(
    exchange: Exchange, tmp_path: Path
) -> None:
    film = media.film(tmp_path, seconds=1).read_bytes()
    item = await sent(exchange, film, "video", {"voice": True, "picture": "cover"})
    sentence = (
        "Before this was passed on, the voice was changed, and the picture was covered, all of it or where a"
        f" machine found faces. {ASKED}"
    )
    page = await seen(exchange.desk, item)
    assert sentence in page
    assert AGREED not in page
    changes = {"author": "asked", "what": ["voice changed", "picture covered"]}
    release = await given(exchange, item)
    assert AGREED not in await seen(exchange.offender, f"/received/{release}")
    await is_told(exchange, release, changes, sentence)


async def test_who_asks_for_a_disguise_reads_beforehand_that_it_is_told(
    exchange: Exchange, tmp_path: Path
) -> None:
    for kind, says in (
        ("audio", "they read with it that the voice was changed, and that you asked for that."),
        ("video", "that the voice was changed or the picture covered, whichever you choose, and that you"),
    ):
        item_id = await exchange.start(exchange.victim, kind)
        made_now = media.speech(tmp_path, seconds=1) if kind == "audio" else media.film(tmp_path, seconds=1)
        original = made_now.read_bytes()
        address = await begun(exchange.victim, item_id, len(original))
        assert (await patch(exchange.victim, address, 0, original)).status_code == 204
        assert says in await seen(exchange.victim, f"/items/{item_id}")


async def test_an_author_who_draws_a_block_hides_nothing(exchange: Exchange) -> None:
    item = await taken(exchange, "I live at █████.\n")
    release = await given(exchange, item)
    await exchange.offender.do(f"/deliveries/{release}/choice", {"choice": "open"})
    page = await seen(exchange.offender, f"/received/{release}")
    assert "I live at █████." in page
    assert "Before this was passed on" not in page


async def test_an_approval_from_before_this_was_said_is_asked_for_once_more(exchange: Exchange) -> None:
    item, desk = await taken(exchange), exchange.desk
    await made(desk, item, words="Anna")
    await work_off(exchange.room)
    await agreed(exchange, item)
    await exchange.approve(item.rpartition("/")[2])
    assert exchange.people is not None
    signer = exchange.people.facilitator.signer
    with psycopg.connect(exchange.service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        row = connection.execute(
            """
            SELECT v.id, v.decided_at, v.reviewer_id, n.case_id AS case, n.item_id AS item,
                   n.revision_id AS revision, n.id AS rendition, n.sha256, n.object_id AS object, o.commitment
            FROM relay.reviews v JOIN relay.renditions n ON n.id = v.rendition_id
            JOIN relay.objects o ON o.id = n.object_id WHERE v.decision = 'approve'
            """
        ).fetchone()
        assert row is not None
        review, decided_at, reviewer, *named = row
        names = [name for name in OfRendition.__struct_fields__ if name != "service"]
        before = Approval(
            service=exchange.service.id,
            **dict(zip(names, named, strict=True)),
            facilitator=reviewer,
            decided_at=microseconds(decided_at),
        )
        connection.execute(
            "UPDATE relay.reviews SET signature = %s WHERE id = %s", [before.sign(signer), review]
        )
    page = await seen(desk, item)
    assert "approved it before approvals said what the other person is told about the changes to it" in page
    assert "It has 0 of the 1 approvals that it needs." in page
    await desk.do(f"{item}/claim")
    assert "Approve it too" in await seen(desk, item)
    release = await given(exchange, item)
    assert f"parts of it were hidden. {AGREED}" in await seen(exchange.offender, f"/received/{release}")


async def test_what_was_given_under_older_keys_says_that_it_cannot_be_told(exchange: Exchange) -> None:
    item = await taken(exchange)
    release = await given(exchange, item)
    says = "whether all of it is as it was sent cannot be told here"
    assert says not in await seen(exchange.offender, f"/received/{release}")
    service, people = exchange.service, exchange.people
    assert people is not None
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.offender.id)
    oskar = await service.enrol_quickly(service.participants, invitation)
    client = await seated(service, Surface.PARTICIPANTS, oskar)
    assert says in await seen(client, f"/received/{release}")
    assert (await client.ask(f"/deliveries/{release}"))["outdated"]
    await client.http.aclose()

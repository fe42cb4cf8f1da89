"""A facilitator's note: written where passing on is asked about, read by its recipient before they choose."""

import html
import re
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from relay.db.transaction import Surface
from relay.identity.invitations import invite_again
from tests.functional.test_asked_first import approved, text
from tests.functional.test_hiding import told
from tests.support.web import Client, Exchange, seated
from workers.tasks.upkeep import release_due

NOTE = "It is about the <b>night</b>.\nCall me: 01632 960001."
READ = "It is about the &lt;b&gt;night&lt;/b&gt;.\nCall me: 01632 960001."
HEADING = "A note from your facilitator"
NOT_PART = "It is not part of the letter, and whoever wrote the letter never sees this note."


async def asked(desk: Client, item: str, seat: str, note: str, **more: str) -> str:
    """Send the note for the first time: the page that shows it as it will be read."""
    answer = await desk.send(f"{item}/release", seat_id=seat, note=note, **more)
    assert answer.status_code == 200, answer.text
    return answer.text


async def passed_on(desk: Client, item: str, seat: str, note: str, **more: str) -> None:
    shown = told(await asked(desk, item, seat, note, **more), "shown")
    done = await desk.send(f"{item}/release", seat_id=seat, note=note, shown=shown, **more)
    assert done.status_code == 303, done.text


async def delivered(reader: Client) -> str:
    return str((await reader.ask("/deliveries"))[0]["id"])


async def test_a_note_is_shown_as_it_will_be_read_before_anything_is_passed_on(exchange: Exchange) -> None:
    (item, seat), desk = await approved(exchange), exchange.desk
    page = await text(desk, f"{item}/release?seat_id={seat}")
    assert '<label for="f-note">A note from you to Oskar (optional)</label>' in page
    assert 'aria-describedby="h-note"' in page
    assert HEADING not in page
    page = await asked(desk, item, seat, NOTE.replace("\n", "\r\n"))
    assert "What Oskar reads before they choose" in page
    shown = page.partition(HEADING)[2].partition("</section>")[0]
    assert READ in shown
    assert NOT_PART in shown
    assert "Nothing has been passed on yet." in page
    assert f"{READ}</textarea>" in page
    assert (await desk.ask(item))["state"] == "approved"

    other = await asked(desk, item, seat, "Another.", shown=told(page, "shown"))
    assert "Another.</p>" in other
    assert (await desk.ask(item))["state"] == "approved"
    done = await desk.send(f"{item}/release", seat_id=seat, note=NOTE, shown=told(page, "shown"))
    assert done.headers["location"] == f"{item}?done=released"


async def test_its_recipient_reads_it_before_the_choices_as_their_facilitators(exchange: Exchange) -> None:
    (item, seat), reader = await approved(exchange), exchange.offender
    await passed_on(exchange.desk, item, seat, NOTE)
    delivery = await delivered(reader)
    assert (await reader.ask(f"/deliveries/{delivery}"))["note"] == NOTE
    assert "note" not in (await reader.ask("/deliveries"))[0]
    page = await text(reader, f"/received/{delivery}")
    assert page.index(HEADING) < page.index(READ) < page.index('name="choice"')
    assert NOT_PART in page
    assert "Dear you." not in page
    await reader.send(f"/received/{delivery}/choice", choice="open")
    page = await text(reader, f"/received/{delivery}")
    assert page.index(READ) < page.index("<h2>Letter from the other person</h2>") < page.index("Dear you.")
    on_desk = await text(exchange.desk, item)
    assert "What Oskar reads with it before they choose, written by Fatima:" in on_desk
    assert f'<p class="letter-text" dir="auto">{READ}</p>' in on_desk
    assert (await exchange.desk.ask(item))["recipients"][0]["note"] == {
        "text": NOTE,
        "written_by": str(exchange.people.facilitator.id),
    }


async def test_where_nothing_was_written_both_sides_are_as_they_were(exchange: Exchange) -> None:
    for note in ("", " \u200b\n"):
        (item, seat), reader = await approved(exchange), exchange.offender
        done = await exchange.desk.send(f"{item}/release", seat_id=seat, note=note)
        assert done.status_code == 303
        delivery = await delivered(reader)
        await reader.do(f"/deliveries/{delivery}/choice", {"choice": "open"})
        page = await text(reader, f"/received/{delivery}")
        assert HEADING not in page
        assert "<h2>" not in page.partition("Dear you.")[0]
        assert (await reader.ask(f"/deliveries/{delivery}"))["note"] is None
        assert (await exchange.desk.ask(item))["recipients"][0]["note"] is None


async def test_nothing_of_it_shows_on_the_authors_side(exchange: Exchange) -> None:
    (item, seat), author = await approved(exchange), exchange.victim
    paths = ("/", f"/cases/{exchange.case_id}", item, "/received", "/help", f"/api/v1{item}")

    async def seen() -> list[bytes]:
        return [(await author.http.get(path)).content for path in paths]

    before = await seen()
    await passed_on(exchange.desk, item, seat, NOTE)
    assert await seen() == before
    assert (await author.http.get(f"/received/{await delivered(exchange.offender)}")).status_code == 404


async def test_nothing_of_it_stands_in_the_database_in_plain(exchange: Exchange) -> None:
    now, later = await approved(exchange), await approved(exchange)
    due_at = (exchange.service.clock() + timedelta(days=1)).isoformat()
    await passed_on(exchange.desk, *now, NOTE)
    await passed_on(exchange.desk, *later, NOTE, then="schedule", due_at=due_at)
    with psycopg.connect(exchange.service.dsns.superuser.url) as connection:
        for table in ("scheduled_releases", "sealed_texts", "audit_entries", "releases"):
            query = f"SELECT string_agg(row::text, '') FROM relay.{table} AS row"  # noqa: S608 - from above
            [stored] = connection.execute(query).fetchone() or [""]
            for part in ("01632 960001", b"01632 960001".hex()):
                assert part not in (stored or ""), table


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Call\x07 me.", "The note contains control characters (U+0007)."),
        ("x" * 2_001, "The note has 2,001 characters; 2,000 is the most. Shorten it."),
    ],
)
async def test_what_is_no_note_is_refused_with_what_was_typed(
    exchange: Exchange, typed: str, says: str
) -> None:
    (item, seat), desk = await approved(exchange), exchange.desk
    refused = await desk.send(f"{item}/release", seat_id=seat, note=typed)
    assert refused.status_code == 400
    assert f'<p class="wrong" id="w-note">{says}' in refused.text
    assert f"{typed}</textarea>" in refused.text
    by_api = await desk.api("POST", f"{item}/release", {"seat_id": seat, "note": typed})
    assert by_api.status_code == 400
    assert says in by_api.text
    assert (await desk.ask(item))["state"] == "approved"


async def test_what_nobody_can_see_is_taken_out_of_it(exchange: Exchange) -> None:
    item, seat = await approved(exchange)
    release = {"seat_id": seat, "note": " a\u200bb\u202ec \r\n"}
    await exchange.desk.do(f"{item}/release", release, status=201)
    delivery = await delivered(exchange.offender)
    assert (await exchange.offender.ask(f"/deliveries/{delivery}"))["note"] == "abc"


async def test_what_was_typed_stays_when_something_else_stands_in_the_way(exchange: Exchange) -> None:
    (item, seat), desk = await approved(exchange), exchange.desk
    page = await asked(desk, item, seat, NOTE)
    fields = {"seat_id": seat, "note": NOTE, "shown": told(page, "shown")}
    timeless = await desk.send(f"{item}/release", **fields, then="schedule", due_at="")
    assert timeless.status_code == 400
    assert "Choose a date and a time." in timeless.text
    assert f"{READ}</textarea>" in timeless.text
    await exchange.victim.do(f"/cases/{exchange.case_id}/pause", {"paused": True}, status=204)
    refused = await desk.send(f"{item}/release", **fields)
    assert refused.status_code == 409
    assert "The victim has paused." in refused.text
    assert "It was not sent. It is shown so that you can copy it." in refused.text
    assert READ in refused.text
    nobody = await desk.send(f"{item}/release", **(fields | {"seat_id": "nobody"}))
    assert nobody.status_code == 400
    assert READ in nobody.text
    assert (await desk.ask(item))["state"] == "approved"


async def test_the_passphrase_is_asked_for_with_the_note_kept(exchange: Exchange) -> None:
    (item, seat), desk = await approved(exchange), exchange.desk
    exchange.service.clock.go(minutes=11)
    page = await asked(desk, item, seat, NOTE)
    shown = told(page, "shown")
    prove = await desk.send(f"{item}/release", seat_id=seat, note=NOTE, shown=shown)
    assert "is passed on to Oskar (offender), with your note. That cannot be undone." in prove.text
    carried = dict(re.findall(r'<input type="hidden" name="(note|shown)" value="([^"]*)">', prove.text))
    assert {name: html.unescape(value) for name, value in carried.items()} == {"note": NOTE, "shown": shown}


async def test_a_plan_carries_its_note_and_keeps_it_until_its_time(exchange: Exchange) -> None:
    (item, seat), desk, reader = await approved(exchange), exchange.desk, exchange.offender
    due_at = exchange.service.clock() + timedelta(minutes=5)
    fields = {"then": "schedule", "due_at": due_at.isoformat()}
    page = await asked(desk, item, seat, NOTE, **fields)
    assert "Nothing is planned yet." in page
    assert f'value="{due_at.isoformat()}"' in page
    await passed_on(desk, item, seat, NOTE, **fields)
    assert f'<p class="letter-text" dir="auto">{READ}</p>' in await text(desk, item)
    await desk.send(f"{item}/unschedule", seat_id=seat)
    assert f"{READ}</textarea>" in await text(desk, f"{item}/release?seat_id={seat}&then=schedule")

    plan = {"seat_id": seat, "due_at": due_at.isoformat(), "note": "Another."}
    planned = (await desk.do(f"{item}/schedule", plan, status=201))["release_id"]
    assert await reader.ask("/deliveries") == []
    exchange.service.clock.go(minutes=6)
    await release_due(exchange.room, UUID(planned))
    assert (await reader.ask(f"/deliveries/{planned}"))["note"] == "Another."
    assert (await desk.ask(item))["recipients"][0]["note"]["text"] == "Another."


async def test_given_again_it_is_asked_anew_beginning_with_what_was_written(exchange: Exchange) -> None:
    (item, seat), desk, service = await approved(exchange), exchange.desk, exchange.service
    await desk.do(f"{item}/release", {"seat_id": seat, "note": NOTE}, status=201)
    people = exchange.people
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.offender.id)
    oskar = await service.enrol_quickly(service.participants, invitation)
    path = f"/cases/{exchange.case_id}/people/{exchange.offender_id}/vouch"
    await desk.do(path, status=204)
    reader = await seated(service, Surface.PARTICIPANTS, oskar)
    assert HEADING not in await text(reader, f"/received/{await delivered(reader)}")
    assert f"{READ}</textarea>" in await text(desk, f"{item}/release?seat_id={seat}")
    await passed_on(desk, item, seat, f"Once more. {NOTE}")
    assert (await reader.ask(f"/deliveries/{await delivered(reader)}"))["note"] == f"Once more. {NOTE}"
    await reader.http.aclose()

"""A letter on paper: only what was released, only to its reader, only by the case's own facilitators."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from relay.cases.own import choose_pause
from relay.cases.service import read_case
from relay.errors import Blocked, Conflict, Invalid, Missing, VaultRefused
from relay.exchange import paper
from relay.exchange.delivery import choose
from relay.exchange.edits import MASK
from relay.exchange.items import withdraw
from relay.exchange.letters import visible
from relay.exchange.release import release
from relay.identity.cards import print_card
from relay.identity.invitations import Invitation, invite_again, invite_participant
from relay.printing import press
from relay.printing.model import Printed, Size, Unprintable
from tests.integration.exchange.test_redaction import HIDDEN as HIDDEN_WORDS
from tests.integration.exchange.test_redaction import agree_to_newest, redacted
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of, send_letter
from tests.support.paper import body, fonts_are_there, pages, words
from tests.support.work import make_room, work_off

LETTER = "Drogi Panie,\n\nمجھے افسوس ہے\n\nI want you to know how it was. \u200b\u202eżółć\n"


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A letter of the victim's that was approved, and perhaps released."""

    service: Service
    pair: Pair
    item_id: UUID
    seat_id: UUID

    async def print(self, **changed: object) -> bytes:
        found = {"person": self.pair.facilitator, "item_id": self.item_id, "seat_id": self.seat_id} | changed
        done = await paper.print_item(self.service.desk, size=Size.NORMAL, **found)  # type: ignore[arg-type]
        return done.pdf

    async def release(self) -> UUID:
        return await release(self.service.desk, self.pair.facilitator, self.item_id, self.seat_id)

    def entries(self, tag: str) -> list[dict[str, object]]:
        with psycopg.connect(self.service.dsns.superuser.url) as connection:
            found = connection.execute(
                "SELECT detail FROM relay.audit_entries WHERE tag = %s ORDER BY at_microseconds", [tag]
            ).fetchall()
        return [json.loads(detail) for (detail,) in found]


async def send(service: Service, pair: Pair, folder: Path, text: str) -> Sent:
    """Write it, have it read and approved."""
    async with make_room(service, folder) as room:
        item_id = await send_letter(service, pair.victim, pair.case_id, text)
        await work_off(room)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    return Sent(service=service, pair=pair, item_id=item_id, seat_id=seat)


@pytest.fixture
async def sent(service: Service, pair: Pair, tmp_path: Path) -> Sent:
    fonts_are_there()
    return await send(service, pair, tmp_path, LETTER)


async def test_the_paper_says_that_parts_were_hidden_as_the_screen_does(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    fonts_are_there()
    async with make_room(service, tmp_path) as room:
        item_id = await redacted(service, pair, room)
    await agree_to_newest(service, pair, item_id)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    sent = Sent(service=service, pair=pair, item_id=item_id, seat_id=seat)
    code = paper.receipt_code(service.desk, await sent.release())
    assert body(await sent.print(), f"Receipt {code}", hidden=True) == words(HIDDEN_WORDS)


async def test_an_author_who_draws_blocks_does_not_make_the_paper_say_that_parts_were_hidden(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    fonts_are_there()
    text = f"I live at {MASK}."
    sent = await send(service, pair, tmp_path, text)
    code = paper.receipt_code(service.desk, await sent.release())
    assert body(await sent.print(), f"Receipt {code}", hidden=False) == words(text)


async def test_the_paper_holds_the_released_letter_the_code_and_nothing_else(sent: Sent) -> None:
    release_id = await sent.release()
    pdf = await sent.print()
    code = paper.receipt_code(sent.service.desk, release_id)
    assert body(pdf, f"Receipt {code}") == words(visible(LETTER))
    for secret in ("Vera", "Oskar", "Fatima", "2026/1", str(sent.item_id), str(release_id)):
        assert words(secret) not in words("".join(pages(pdf)))
        assert secret.encode() not in pdf


async def test_printing_leaves_an_entry_that_names_the_code(sent: Sent) -> None:
    release_id = await sent.release()
    await sent.print()
    await sent.print()
    code = paper.receipt_code(sent.service.desk, release_id)
    [first, second] = sent.entries("letter.printed")
    assert first == second
    assert first["code"] == code
    assert first["pages"] == 1
    assert first["recipient"] == str(sent.pair.offender.id)
    assert await paper.codes(sent.service.desk, sent.pair.facilitator, sent.item_id) == {
        sent.pair.offender.id: code
    }


async def test_codes_of_two_releases_differ_and_hang_on_the_keyring(service: Service) -> None:
    one, two = uuid4(), uuid4()
    assert paper.receipt_code(service.desk, one) == paper.receipt_code(service.participants, one)
    assert paper.receipt_code(service.desk, one) != paper.receipt_code(service.desk, two)


async def test_what_was_not_released_is_not_printed(sent: Sent) -> None:
    with pytest.raises(Conflict, match="Pass it on first"):
        await sent.print()
    assert sent.entries("letter.printed") == []


async def test_a_foreign_facilitator_gets_the_answer_for_what_is_not_there(sent: Sent) -> None:
    await sent.release()
    stranger = await sent.service.make_facilitator("Gita")
    with pytest.raises(Missing) as foreign:
        await sent.print(person=stranger)
    with pytest.raises(Missing) as unknown:
        await sent.print(item_id=uuid4())
    with pytest.raises(Missing):
        await sent.print(seat_id=uuid4())
    assert foreign.value.public == unknown.value.public
    assert await paper.codes(sent.service.desk, stranger, sent.item_id) == {}
    assert sent.entries("letter.printed") == []


async def test_a_pause_blocks_printing_too(sent: Sent) -> None:
    await sent.release()
    await choose_pause(sent.service.participants, sent.pair.offender, sent.pair.case_id, paused=True)
    with pytest.raises(Blocked):
        await sent.print()
    assert sent.entries("letter.printed") == []


async def test_a_pause_while_it_is_printed_keeps_it_back(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    await sent.release()
    letter = press.letter

    async def slowly(text: str, **more: Any) -> Printed:
        done = await letter(text, **more)
        await choose_pause(sent.service.participants, sent.pair.offender, sent.pair.case_id, paused=True)
        return done

    monkeypatch.setattr(press, "letter", slowly)
    with pytest.raises(Blocked):
        await sent.print()
    assert sent.entries("letter.printed") == []


async def test_what_its_author_took_back_is_not_printed_any_more(sent: Sent) -> None:
    await sent.release()
    await withdraw(sent.service.participants, sent.pair.victim, sent.item_id)
    with pytest.raises(Conflict, match="taken this back"):
        await sent.print()


async def test_what_the_reader_does_not_want_is_not_printed_for_them(sent: Sent) -> None:
    release_id = await sent.release()
    await choose(sent.service.participants, sent.pair.offender, release_id, "refuse")
    with pytest.raises(Conflict, match="do not want it"):
        await sent.print()
    await choose(sent.service.participants, sent.pair.offender, release_id, "hold")
    assert await sent.print()


async def test_a_release_that_nobody_signed_is_not_printed(sent: Sent) -> None:
    release_id = await sent.release()
    with psycopg.connect(sent.service.dsns.superuser.url) as attacker:
        attacker.execute("ALTER TABLE relay.releases DISABLE TRIGGER refuse_edit")
        attacker.execute(
            "UPDATE relay.releases SET record = convert_to(replace(convert_from(record, 'UTF8'),"
            " '\"sequence\":1', '\"sequence\":7'), 'UTF8') WHERE id = %s",
            [release_id],
        )
    with pytest.raises(VaultRefused):
        await sent.print()


async def test_a_character_without_a_font_is_named_and_nothing_is_printed(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    fonts_are_there()
    sent = await send(service, pair, tmp_path, "Here: \U0001f9ff")
    await sent.release()
    with pytest.raises(Unprintable, match=r"U\+1F9FF"):
        await sent.print()
    assert sent.entries("letter.printed") == []


async def test_the_card_carries_the_secret_and_not_the_spoken_code(service: Service, pair: Pair) -> None:
    fonts_are_there()
    first = await invite_participant(service.desk, pair.facilitator, pair.case_id, "Wanda", "victim")
    invitation: Invitation = await invite_again(
        service.desk, pair.facilitator, pair.case_id, first.account_id
    )
    done = await print_card(service.desk, pair.facilitator, pair.case_id, invitation.account_id, Size.LARGE)
    text = "".join(pages(done.pdf))
    assert invitation.secret in text
    assert str(invitation.id) in text
    assert words(invitation.code) not in words(text)
    assert first.secret not in text
    assert "Wanda" not in text


async def test_the_card_is_for_the_cases_own_facilitators_and_for_who_is_still_to_enrol(
    service: Service, pair: Pair
) -> None:
    fonts_are_there()
    invitation = await invite_participant(service.desk, pair.facilitator, pair.case_id, "Wanda", "victim")
    stranger = await service.make_facilitator("Gita")
    for person, account in ((stranger, invitation.account_id), (pair.facilitator, uuid4())):
        with pytest.raises(Missing):
            await print_card(service.desk, person, pair.case_id, account, Size.NORMAL)
    with pytest.raises(Conflict, match="No invitation waits"):
        await print_card(service.desk, pair.facilitator, pair.case_id, pair.victim.id, Size.NORMAL)
    service.clock.go(days=20)
    with pytest.raises(Conflict, match="No invitation waits"):
        await print_card(service.desk, pair.facilitator, pair.case_id, invitation.account_id, Size.NORMAL)


async def test_a_cover_note_says_whom_to_call(service: Service, pair: Pair) -> None:
    fonts_are_there()
    note = await paper.print_cover_note(
        service.desk,
        pair.facilitator,
        pair.case_id,
        call="Fatima, 01632 960 960",
        words="یہ خط چھوٹا ہے",
        size=Size.NORMAL,
    )
    text = words("".join(pages(note.pdf)))
    for said in (
        "You do not have to read it",
        "put it away unread",
        "Fatima, 01632 960 960",
        "یہ خط چھوٹا ہے",
    ):
        assert words(said) in text
    with pytest.raises(Invalid) as wrong:
        await paper.print_cover_note(
            service.desk, pair.facilitator, pair.case_id, call=" \u200b", words="", size=Size.NORMAL
        )
    assert wrong.value.fields.keys() == {"call"}
    stranger = await service.make_facilitator("Gita")
    for sheet in (
        paper.print_cover_note(service.desk, stranger, pair.case_id, call="x", words="", size=Size.NORMAL),
        paper.print_consent_form(service.desk, stranger, pair.case_id, Size.NORMAL),
    ):
        with pytest.raises(Missing):
            await sheet


async def test_a_consent_form_names_nobody(service: Service, pair: Pair) -> None:
    fonts_are_there()
    form = await paper.print_consent_form(service.desk, pair.facilitator, pair.case_id, Size.NORMAL)
    case, people, _ = await read_case(service.desk, pair.facilitator, pair.case_id)
    text = "".join(pages(form.pdf))
    assert form.pages == 1
    for name in (case.reference, *(one.name for one in people)):
        assert name not in text

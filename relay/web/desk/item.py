"""The page of an item on the desk: what is shown of it, to whom, and what can be done with it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from relay.cases import service
from relay.cases.model import PersonOnCase
from relay.errors import Conflict, Missing, Refusal
from relay.exchange import failures, paper, printed, receipts, telling
from relay.exchange import told as choices
from relay.house import House
from relay.identity import directory
from relay.identity.model import Person
from relay.review import queue, reading, redaction, standing, transcription, transcripts
from relay.review.hiding import in_words
from relay.review.model import ItemOnDesk
from relay.review.passing import in_the_way, why_not
from relay.review.standing import Standing
from relay.safeguarding import reading as safeguarding
from relay.safeguarding.model import Concern
from relay.web.desk.concerns import KIND_WORDS
from relay.web.desk.doing import Asked, Page, carry_out
from relay.web.desk.pointed import heard, pointed
from relay.web.shared.access import AnyRequest
from relay.web.shared.contents import read_text
from relay.web.shared.forms import Form, texts
from relay.web.shared.pages import page

_MINE = {"in_review", "approved"}


async def on_item(
    asked: Asked,
    item_id: UUID,
    do: Callable[[Person], Awaitable[Page | None]],
    *,
    done: str = "",
    proving: str = "",
) -> Page:
    """Do something with an item, then show it: as it is now, or with what could not be done.

    `done`: what it then says was done, unless `do` has a page of its own to show. `proving`: see `carry_out`.
    """

    async def show(refusal: Refusal) -> Page:
        return await show_item(asked.request, asked.house, asked.person, item_id, refusal, asked.form)

    return await carry_out(asked, do, show, back=f"/items/{item_id}", done=done, proving=proving)


async def show_item(
    request: AnyRequest,
    house: House,
    person: Person,
    item_id: UUID,
    refusal: Refusal | None = None,
    form: Form | None = None,
    *,
    done: str = "",
) -> Page:
    """Show an item, perhaps with what could not be done and what was chosen for it, or with what was done."""
    await queue.renew(house, person, item_id)
    item = await reading.item_on_desk(house, person, item_id)
    mine = item.claimed_by == person.id
    shown = item.clean is not None and (mine or item.state not in _MINE)
    hidden = await redaction.redaction(house, person, item_id) if item.revision else None
    case, people, _ = await service.read_case(house, person, item.case_id)
    contents = await _contents(house, person, item, people, form, shown=shown)
    if contents["text"] is not None and not item.seen_all:
        item = await reading.item_on_desk(house, person, item_id)
    stands = await standing.standing(house, person, item_id)
    kept_from = in_the_way_of(item, people, stands)
    return page(
        request,
        "item.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        done=done,
        item=item,
        item_id=item_id,
        case=case,
        names=await directory.names_in_case(house, person, item.case_id),
        own_id=person.id,
        mine=mine,
        shown=shown,
        failure=failures.sentence(item.failure),
        hidden=hidden,
        hidden_words=in_words(hidden.edits) if hidden else (),
        told=telling.in_words(item.changes, item.kind),
        choices_told=await choices.told(house, person, item_id),
        printings=await printed.printings(house, person, item_id) if item.kind in paper.KINDS else {},
        confirmed=_confirmed(people),
        in_the_way=kept_from,
        next_step=next_step(item, kept_from, mine=mine),
        why_not=why_not,
        to_be_passed=_to_be_passed(item),
        standing=stands,
        opened=stands.mark,
        concerns=await concerns_about(house, person, item),
        kinds=KIND_WORDS,
        **contents,
        **_chosen(form, shown_again=shown and item.kind == "document"),
    )


def next_step(
    item: ItemOnDesk, in_the_way: Mapping[UUID, Sequence[str]], *, mine: bool
) -> Literal["take", "approve"] | UUID | None:
    """Return what its reader does next with an item: the one main button of its page.

    A seat: it is passed on to whoever has that. To approve it is next also before all of it was shown.
    """
    if item.state == "in_review":
        is_a_colleagues = item.approved_by_me and item.approvals < item.approvals_needed
        return None if is_a_colleagues else _approving(item, mine=mine)
    if item.state not in {"approved", "scheduled", "released"}:
        return None
    waiting = [one for one in item.recipients if not one.due_at and (one.renewed or not one.released)]
    passes = next((one.seat_id for one in waiting if not in_the_way[one.seat_id]), None)
    return passes or (_approving(item, mine=mine) if waiting and not item.approved_by_me else None)


def _approving(item: ItemOnDesk, *, mine: bool) -> Literal["take", "approve"] | None:
    if item.state in _MINE and not mine:
        return None if item.claimed_by else "take"
    waits = item.clean is None or (item.clean.edited_by and not item.agreed_at)
    return None if waits or item.stands_still else "approve"


async def as_typed(asked: Asked, person: Person, item_id: UUID) -> Page | None:
    """Show an item with what was typed on its page and is not sent yet; nothing if nothing was."""
    form = asked.form
    if not form.several("reasons") and not texts(form):
        return None
    return await show_item(asked.request, asked.house, person, item_id, form=form)


async def concerns_about(house: House, person: Person, item: ItemOnDesk) -> list[Concern]:
    """Return the concerns that were raised about an item, open or closed, the newest first."""
    found = await safeguarding.of_case(house, person, item.case_id)
    return [one for one in found if one.item_id == item.id]


def _to_be_passed(item: ItemOnDesk) -> bool:
    """Tell whether approvals still matter: something of it may yet be passed on to somebody, or again."""
    ended = item.state in {"withdrawn", "declined"}
    return not ended and any(one.renewed or not one.released for one in item.recipients)


async def _contents(
    house: House,
    person: Person,
    item: ItemOnDesk,
    people: Sequence[PersonOnCase],
    form: Form | None,
    *,
    shown: bool,
) -> dict[str, Any]:
    """Read what an item says, as far as it is shown: a letter, what a machine heard, what was written out."""
    text = await _letter(house, person, item) if shown and item.kind == "letter" else None
    recorded = shown and item.kind in {"audio", "video"}
    transcript = await transcripts.draft(house, person, item.id) if recorded else None
    scanned = shown and item.kind == "document"
    written_out = await _written_out(house, person, item.id) if scanned else None
    printable = text is not None or scanned
    return {
        "text": None if text is None else await pointed(text, people),
        "codes": await paper.codes(house, person, item.id) if printable else {},
        "receipts": await receipts.receipts(house, person, item.id) if printable else {},
        "heard": await heard(transcript, people) if transcript else None,
        "written_out": written_out,
        "written_text": await pointed(written_out.text, people) if written_out else None,
        "transcription": (form.text("text") if form else "") or (written_out.text if written_out else ""),
    }


def _chosen(form: Form | None, *, shown_again: bool) -> dict[str, Any]:
    """Return what was chosen and typed and is not sent: it stands there again.

    `written`: what the page shows where the form is gone that it was typed in. `shown_again`: what is written
    out of a document has its form there.
    """
    fields = [one for one in form or () if one[0] != "text" or not shown_again]
    return {
        "chosen": form.several("reasons") if form else (),
        "guidance": form.text("guidance") if form else "",
        "typed": dict(form) if form else {},
        "written": texts(Form(fields)),
        "unsent": form is not None,
    }


def _confirmed(people: Sequence[PersonOnCase]) -> set[UUID]:
    return {one.account_id for one in people if one.vouched}


def in_the_way_of(
    item: ItemOnDesk, people: Sequence[PersonOnCase], stands: Standing
) -> dict[UUID, tuple[str, ...]]:
    """Return what keeps the item from each of its recipients, by their seats."""
    confirmed = _confirmed(people)
    return {
        one.seat_id: in_the_way(
            item, one, taken_back=stands.taken_back, confirmed=one.account_id in confirmed
        )
        for one in item.recipients
    }


async def _written_out(house: House, person: Person, item_id: UUID) -> transcription.Transcription | None:
    """Read what was written out of a document, if anything was and its author did not take it back."""
    try:
        return await transcription.transcription(house, person, item_id)
    except (Conflict, Missing):
        return None


async def _letter(house: House, person: Person, item: ItemOnDesk) -> str | None:
    """Read a letter, and record that all of it was shown: the page holds the whole of it."""
    try:
        rendition, content = await reading.open_rendition(house, person, item.id, "clean")
    except Conflict:
        return None
    text = await read_text(house, content)
    await reading.record_seen(house, person, rendition, 0, rendition.size)
    return text

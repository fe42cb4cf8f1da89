"""What a machine heard stands beside the player, for the reviewer and for nobody on the other side."""

from functools import partial
from pathlib import Path

import msgspec

from tests.functional.test_hiding import sent, taken
from tests.support import media, spoken
from tests.support.web import Exchange
from workers.media import budget
from workers.media.model import Kind
from workers.media.transcript import Model


def listening(exchange: Exchange, model: Model) -> Exchange:
    """The exchange with a worker that writes down what it hears."""
    return msgspec.structs.replace(exchange, room=msgspec.structs.replace(exchange.room, transcription=model))


async def test_a_reviewer_reads_what_was_heard_and_nobody_else(exchange: Exchange, tmp_path: Path) -> None:
    recording = spoken.speech(tmp_path / "said.wav", (1.0, "Front_Center"), (4.0, "Side_Left")).read_bytes()
    item = await sent(listening(exchange, spoken.model()), recording, "audio")
    desk, offender = exchange.desk, exchange.offender
    heard = await desk.ask(f"{item}/transcript")
    assert "left" in " ".join(word[3] for word in heard["words"]).lower()
    page = (await desk.http.get(item)).text
    assert "What a machine heard in it" in page
    assert "left" in page.partition('<ol class="heard">')[2].partition("</ol>")[0].lower()
    for somebody in (exchange.victim, offender):
        assert (await somebody.http.get(f"/api/v1{item}/transcript")).status_code == 404


async def test_what_was_heard_has_its_hints_marked(exchange: Exchange, tmp_path: Path) -> None:
    recording = spoken.speech(tmp_path / "said.wav", (1.0, "Front_Center"), (4.0, "Side_Left")).read_bytes()
    somebody = {"name": "Left", "part": "offender"}
    await exchange.desk.do(f"/cases/{exchange.case_id}/people", somebody, status=201)
    item = await sent(listening(exchange, spoken.model()), recording, "audio")
    heard = (await exchange.desk.http.get(item)).text.partition('<ol class="heard">')[2]
    assert '<mark data-kind="name">left</mark>' in heard.partition("</ol>")[0].lower()
    assert "names" in heard.partition("Marked by a machine")[2]


async def test_without_a_machine_there_is_none_and_nothing_is_missing(
    exchange: Exchange, tmp_path: Path
) -> None:
    item = await sent(exchange, media.speech(tmp_path).read_bytes(), "audio")
    assert (await exchange.desk.http.get(f"/api/v1{item}/transcript")).status_code == 404
    page = await exchange.desk.http.get(item)
    assert page.status_code == 200
    assert "What a machine heard" not in page.text


async def test_a_machine_that_breaks_keeps_nothing_back(exchange: Exchange, tmp_path: Path) -> None:
    whole = spoken.model()
    for file in whole.files:
        (tmp_path / file.name).write_bytes(file.read_bytes()[: 1000 if file.name == "model.bin" else None])
    item = await sent(listening(exchange, Model(tmp_path)), media.speech(tmp_path).read_bytes(), "audio")
    assert (await exchange.desk.ask(item))["state"] == "in_review"
    assert (await exchange.desk.http.get(f"/api/v1{item}/transcript")).status_code == 404


async def test_where_listening_has_no_memory_the_recording_goes_on_without(
    exchange: Exchange, tmp_path: Path
) -> None:
    model = spoken.model()
    recording = media.speech(tmp_path).read_bytes()
    enough = budget.need(Kind.AUDIO, len(recording), exchange.room.limits)
    assert enough < budget.of_listening(model.size)
    for free, status in ((enough, 404), (budget.of_listening(model.size), 200)):
        there = listening(exchange, model)
        room = msgspec.structs.replace(there.room, memory=budget.Budget(partial(int, free)))
        item = await sent(msgspec.structs.replace(there, room=room), recording, "audio")
        assert (await exchange.desk.ask(item))["state"] == "in_review"
        assert (await exchange.desk.http.get(f"/api/v1{item}/transcript")).status_code == status
        await exchange.victim.do(f"{item}/withdraw")


async def test_a_letters_hints_are_marked_where_they_stand(exchange: Exchange) -> None:
    item = await taken(exchange, "Dear you, I am Vera. <b>Call</b> 0123 456789.")
    page = (await exchange.desk.http.get(item)).text
    assert '<mark data-kind="number">0123 456789</mark>' in page
    assert '<mark data-kind="name">Vera</mark>' in page
    assert "&lt;b&gt;Call&lt;/b&gt;" in page
    assert "numbers" in page.partition("Marked by a machine")[2]

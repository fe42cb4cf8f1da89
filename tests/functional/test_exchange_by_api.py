"""A whole exchange over both JSON APIs, as a client would do it."""

from tests.support.house import PASSPHRASE
from tests.support.web import Exchange
from tests.support.work import work_off

LETTER = "Dear you,\n\nI want you to know how it was. żółć سلام\n"


async def test_a_letter_crosses_after_a_change_was_asked_for(exchange_by_hand: Exchange) -> None:
    exchange = exchange_by_hand
    victim, offender, desk = exchange.victim, exchange.offender, exchange.desk
    item_id = await exchange.write(victim, LETTER + "My number is 0123.")
    path = f"/items/{item_id}"
    assert [one["item_id"] for one in await desk.ask("/queue")] == [item_id]
    await desk.do(f"{path}/claim")
    shown = await desk.ask(path)
    assert (await desk.api("GET", f"{path}/rendition")).text == LETTER + "My number is 0123."
    looked_at = {"rendition_id": shown["clean"]["id"], "sha256": shown["clean"]["sha256"]}
    asked = {
        "decision": "request_changes",
        "reasons": ["contact_details"],
        "guidance": "Leave out the number.",
    }
    await desk.do(f"{path}/decisions", looked_at | asked)
    assert (await victim.ask(f"{path}/feedback"))[0]["guidance"] == "Leave out the number."
    await victim.do(f"{path}/draft", {"text": LETTER}, status=204, method="PUT")
    await victim.do(f"{path}/submit")
    await work_off(exchange.room)

    approved = await exchange.approve(item_id)
    assert (approved["state"], approved["seen_all"]) == ("approved", True)
    assert await offender.ask("/deliveries") == []
    release_id = await exchange.release(item_id)
    [delivery] = await offender.ask("/deliveries")
    assert (delivery["id"], delivery["state"]) == (release_id, "waiting")
    content = f"/deliveries/{delivery['id']}/content"
    assert (await offender.api("GET", content)).status_code == 409
    await offender.do(f"/deliveries/{delivery['id']}/choice", {"choice": "open"})
    assert (await offender.api("GET", content)).content == LETTER.encode()
    assert "item.released" in [entry["tag"] for entry in await desk.ask(f"/cases/{exchange.case_id}/audit")]


async def test_approving_needs_that_all_of_it_was_served(exchange: Exchange) -> None:
    item_id = await exchange.write(exchange.victim)
    await exchange.desk.do(f"/items/{item_id}/claim")
    clean = (await exchange.desk.ask(f"/items/{item_id}"))["clean"]
    decision = {"decision": "approve", "rendition_id": clean["id"], "sha256": clean["sha256"]}
    refused = await exchange.desk.api("POST", f"/items/{item_id}/decisions", decision)
    assert refused.status_code == 409
    assert "not seen all" in refused.json()["detail"]
    await exchange.desk.api("HEAD", f"/items/{item_id}/rendition")
    assert not (await exchange.desk.ask(f"/items/{item_id}"))["seen_all"]
    await exchange.desk.api("GET", f"/items/{item_id}/rendition", headers={"Range": "bytes=0-"})
    assert (await exchange.desk.ask(f"/items/{item_id}"))["seen_all"]


async def test_what_a_recipient_does_leaves_the_authors_answers_byte_for_byte_the_same(
    exchange: Exchange,
) -> None:
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    paths = (
        f"/items/{item_id}",
        f"/cases/{exchange.case_id}",
        f"/cases/{exchange.case_id}/items",
        "/deliveries",
    )
    pages = (f"/items/{item_id}", f"/cases/{exchange.case_id}", "/", "/received")

    async def seen() -> list[tuple[int, object, bytes]]:
        answers = [await exchange.victim.api("GET", path) for path in paths]
        answers += [await exchange.victim.http.get(path) for path in pages]
        assert all(answer.status_code == 200 for answer in answers)
        return [(answer.status_code, dict(answer.headers), answer.content) for answer in answers]

    before = await seen()
    delivery = await exchange.release(item_id)
    assert await seen() == before
    for choice in ("later", "hold", "refuse", "open"):
        await exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": choice})
        assert await seen() == before
    await exchange.offender.api("GET", f"/deliveries/{delivery}/content")
    await exchange.offender.do(f"/cases/{exchange.case_id}/pause", {"paused": True}, status=204)
    consent = {"medium": "letter", "given": False}
    await exchange.offender.do(f"/cases/{exchange.case_id}/consents", consent, status=204)
    assert await seen() == before


async def test_a_lapsed_gate_blocks_in_words_and_loses_nothing(exchange: Exchange) -> None:
    consent = {"medium": "letter", "given": False}
    await exchange.victim.do(f"/cases/{exchange.case_id}/consents", consent, status=204)
    item_id = await exchange.start(exchange.victim)
    await exchange.victim.do(f"/items/{item_id}/draft", {"text": "Kept."}, status=204, method="PUT")
    refused = await exchange.victim.api("POST", f"/items/{item_id}/submit", {})
    assert refused.status_code == 409
    assert refused.json()["code"] == "blocked"
    assert "not agreed" in refused.json()["blocks"][0]
    assert (await exchange.victim.ask(f"/items/{item_id}/draft"))["text"] == "Kept."


async def test_a_release_needs_the_passphrase_after_ten_minutes(exchange_by_hand: Exchange) -> None:
    exchange = exchange_by_hand
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    exchange.service.clock.go(minutes=11)
    seat = (await exchange.desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    refused = await exchange.desk.api("POST", f"/items/{item_id}/release", {"seat_id": seat})
    assert (refused.status_code, refused.json()["code"]) == (403, "step-up-needed")
    renewed = await exchange.desk.do("/session/step-up", {"passphrase": PASSPHRASE}, status=201)
    exchange.desk.csrf = renewed["csrf"]
    await exchange.desk.do(f"/items/{item_id}/release", {"seat_id": seat}, status=201)

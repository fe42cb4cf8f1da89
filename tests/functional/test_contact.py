"""How the service's people are reached: in their own words, where it may be needed, and as plain text."""

import msgspec
import pytest

from tests.functional.test_plain_words import read
from tests.support.house import Service
from tests.support.web import Client, Exchange

CONTACT = "Telephone 01632 960123\nMonday to Friday, <b>9</b> to 5 & at https://example.org"
SHOWN = "Telephone 01632 960123\nMonday to Friday, &lt;b&gt;9&lt;/b&gt; to 5 &amp; at https://example.org"


def says(service: Service, contact: str, *clients: Client) -> None:
    service.settings = msgspec.structs.replace(service.settings, contact=contact)
    for client in clients:
        client.app.litestar.state.house = service.house(client.surface)


async def places(exchange: Exchange) -> list[str]:
    """Where it stands: also on an opened delivery and on what will not be passed on."""
    _, delivery = await exchange.deliver(exchange.offender)
    await exchange.victim.do(f"/deliveries/{delivery}/choice", {"choice": "open"})
    item = f"/items/{await exchange.write(exchange.victim)}"
    await exchange.desk.do(f"{item}/claim")
    clean = (await exchange.desk.ask(item))["clean"]
    named = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
    declined = {"decision": "decline", "reasons": ["threats"], "guidance": "So."}
    await exchange.desk.do(f"{item}/decisions", declined | named)
    return ["/help", "/sign-in", f"/received/{delivery}", item]


async def test_it_stands_where_it_may_be_needed_escaped_and_without_links(exchange: Exchange) -> None:
    paths = await places(exchange)
    for path in paths:
        assert "How to reach us" not in (await exchange.victim.http.get(path)).text
    says(exchange.service, CONTACT, exchange.victim)
    for path in paths:
        page = (await exchange.victim.http.get(path)).text
        assert page.count(f'<p class="lines" dir="auto">{SHOWN}</p>') == 1, path
        assert 'href="https://example.org' not in page
        assert "01632 96" not in page.partition("</head>")[0]


async def test_it_is_for_participants(exchange: Exchange) -> None:
    says(exchange.service, CONTACT, exchange.desk)
    assert "01632 96" not in (await exchange.desk.http.get("/sign-in")).text


@pytest.mark.parametrize("words", ["Ask your facilitator for a new invitation", "cannot be opened any more"])
async def test_who_lost_a_passphrase_reads_what_to_do_and_what_becomes_of_what_was_received(
    exchange: Exchange, words: str
) -> None:
    assert words in await read(exchange.victim, "/sign-in")
    assert words not in await read(exchange.desk, "/sign-in")


async def test_after_too_many_tries_it_is_said_how_long_to_wait(exchange: Exchange) -> None:
    wrong = {"name": "vera", "passphrase": "wrong"}
    for _ in range(exchange.service.settings.sign_in_tries):
        assert (await exchange.victim.http.post("/sign-in", data=wrong)).status_code == 401
    answer = await exchange.victim.http.post("/sign-in", data=wrong)
    assert answer.status_code == 429
    assert "Please wait about 15 minutes, then try again." in answer.text

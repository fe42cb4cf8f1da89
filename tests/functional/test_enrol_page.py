"""The form for an invitation: what was offered and typed is still there after a refusal."""

import re
from typing import Literal
from uuid import uuid4

import httpx

from relay.db.transaction import Surface
from relay.identity.invitations import invite_participant
from tests.support.house import PASSPHRASE, Service
from tests.support.web import ORIGIN, Client, staff_client

TYPED = {"secret": "AAAA", "code": "BBBB", "sign_in_name": "vera", "passphrase": "one", "again": "two"}

WEAK = {"sign_in_name": "wolkenstein", "passphrase": "Wolkenstein1985!", "again": "Wolkenstein1985!"}


def words(page: str) -> str:
    return page.partition('<p class="words">')[2].partition("<")[0]


def offer(page: str) -> str:
    return page.partition('name="offered" value="')[2].partition('"')[0]


async def refused(client: Client, path: str, offered: str) -> str:
    answer: httpx.Response = await client.http.post(
        path, data=TYPED | {"offered": offered}, headers={"Origin": ORIGIN}
    )
    assert answer.status_code == 400
    return answer.text


async def test_the_six_words_stay_after_a_refusal(service: Service) -> None:
    client, path = Client(service, Surface.PARTICIPANTS), f"/enrol/{uuid4()}"
    first = (await client.http.get(path)).text
    assert len(words(first).split()) == 6
    assert words(first) not in offer(first)
    assert "the same words as before" not in first
    again = await refused(client, path, offer(first))
    assert words(again) == words(first)
    assert words(await refused(client, path, offer(again))) == words(first)
    assert "the same words as before" in again
    for name in ("secret", "code", "sign_in_name"):
        assert re.search(f'name="{name}"[^>]*value="{TYPED[name]}"', again)
    assert 'value="one"' not in again


async def test_only_words_that_were_offered_here_are_offered_again(service: Service) -> None:
    client = Client(service, Surface.PARTICIPANTS)
    path, other = f"/enrol/{uuid4()}", f"/enrol/{uuid4()}"
    theirs = (await client.http.get(other)).text
    for planted in (offer(theirs), "not base64", "d29yZHMgdGhhdCBJIGNob3Nl", ""):
        page = await refused(client, path, planted)
        assert len(words(page).split()) == 6
        assert words(page) != words(theirs)
        assert "the same words as before" not in page


async def test_a_name_that_another_participant_has_is_not_said_to_be_taken(service: Service) -> None:
    """Whoever enrols as somebody they know learns nothing of them: behind each name stands a number."""
    facilitator = await service.make_facilitator()
    case_id = await service.make_case(facilitator)
    names = []
    parts: list[Literal["victim", "offender"]] = ["victim", "offender"]
    for part in parts:
        invited = await invite_participant(service.desk, facilitator, case_id, part.title(), part)
        client, path = Client(service, Surface.PARTICIPANTS), f"/enrol/{invited.id}"
        first = (await client.http.get(path)).text
        [number] = re.findall(r"We put (\d{4}) behind it without a space", first)
        sent = {"secret": invited.secret, "code": invited.code, "sign_in_name": " anna.k"}
        sent |= {"passphrase": PASSPHRASE, "again": PASSPHRASE, "csrf": ""}
        again = await client.http.post(path, data=sent | {"again": ""}, headers={"Origin": ORIGIN})
        assert f"We put {number} behind it" in again.text
        # what they call themselves is no passphrase either
        for typed in (f"anna.k{number}", f" anna.k {number} ", "anna.k"):
            refused_as = sent | {"sign_in_name": typed, "again": ""}
            again = await client.http.post(path, data=refused_as, headers={"Origin": ORIGIN})
            assert re.search('name="sign_in_name"[^>]*value="anna.k"', again.text), typed
        easy = await client.http.post(path, data=sent | WEAK, headers={"Origin": ORIGIN})
        assert (easy.status_code, "enrolled" in easy.text) == (400, False)
        done = await client.http.post(path, data=sent, headers={"Origin": ORIGIN})
        assert (done.status_code, words(done.text)) == (200, f"anna.k{number}")
        names.append(words(done.text))
        signed_in = await client.http.post(
            "/sign-in",
            data={"name": names[-1].upper(), "passphrase": PASSPHRASE},
            headers={"Origin": ORIGIN},
        )
        assert signed_in.status_code == 303
    assert all(re.fullmatch(r"anna\.k\d{4}", name) for name in names)


async def test_by_the_api_too_a_participant_has_a_number_behind_their_name(service: Service) -> None:
    facilitator = await service.make_facilitator()
    case_id = await service.make_case(facilitator)
    invited = await invite_participant(service.desk, facilitator, case_id, "Vera", "victim")
    client = Client(service, Surface.PARTICIPANTS)
    sent = {"secret": invited.secret, "code": invited.code, "passphrase": PASSPHRASE}
    path = f"/api/v1/enrolments/{invited.id}"
    long = await client.http.post(path, json=sent | {"sign_in_name": "a" * 37})
    assert (long.status_code, "3 to 36" in long.text) == (400, True)
    done = await client.http.post(path, json=sent | {"sign_in_name": "vera"})
    assert re.fullmatch(r"vera\d{4}", done.json()["sign_in_name"])
    await client.sign_in(done.json()["sign_in_name"])
    staff = await staff_client(service, name="Filip")
    await staff.sign_in("Filip")


LONG_CODE = "Y6ZD-5M2K-QWER-7T8X-0ABC-9NPQ-4HJV"


async def test_an_invitation_is_found_by_its_address_or_the_last_part_of_it(service: Service) -> None:
    client, number = Client(service, Surface.PARTICIPANTS), uuid4()
    address = f"https://relay.example/enrol/{number}"
    for typed in (
        str(number),
        f" {number}\n",
        str(number).upper(),
        address,
        f"{address}#{LONG_CODE}",
        f"{address}/",
    ):
        answer = await client.send("/enrol", invitation=typed)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/enrol/{number}"), typed


async def test_a_long_code_typed_for_the_address_is_shown_nowhere(service: Service) -> None:
    for surface in (Surface.PARTICIPANTS, Surface.DESK):
        client = Client(service, surface)
        form = (await client.http.get("/enrol")).text
        assert '<form method="post" action="/enrol">' in form
        for typed in (LONG_CODE, LONG_CODE.lower().replace("-", " "), LONG_CODE[:-3]):
            answer = await client.send("/enrol", invitation=typed)
            assert (answer.status_code, "That is the long code." in answer.text) == (400, True)
            assert typed not in answer.text
    client = Client(service, Surface.PARTICIPANTS)
    for typed in ("", "x", "123e4567-e89b-42d3-a456-42661417400", "//evil.example", f"{uuid4()}/x"):
        answer = await client.send("/enrol", invitation=typed)
        assert (answer.status_code, "That is the long code." in answer.text) == (400, False), typed


async def test_what_stands_in_the_address_behind_enrol_leads_nowhere_and_is_not_shown(
    service: Service,
) -> None:
    client = Client(service, Surface.PARTICIPANTS)
    bare = await client.http.get("/enrol")
    for given in (LONG_CODE, str(uuid4()), "//evil.example"):
        answer = await client.http.get("/enrol", params={"invitation": given})
        assert (answer.status_code, answer.content) == (200, bare.content)


async def test_an_address_that_was_cut_off_asks_for_its_last_part(service: Service) -> None:
    client = Client(service, Surface.PARTICIPANTS)
    pages = {(await client.http.get(f"/enrol/{cut}")).text for cut in (str(uuid4())[:-1], "123e", LONG_CODE)}
    [page] = pages
    answer = await client.send("/enrol/123e", **TYPED)
    assert (answer.status_code, answer.text) == (404, page)
    assert (await client.http.get("/enrol/123e")).status_code == 404
    assert "Some of the address is missing. Please check it, or type its last part here." in page
    assert "It may have been removed" not in page
    assert '<form method="post" action="/enrol">' in page
    assert 'If you have enrolled already, <a href="/sign-in">sign in</a>.' in page


async def enrolled_as(service: Service, chosen: str) -> tuple[Client, str]:
    """Somebody who enrolled by the page, and the name that it shows them to sign in with."""
    facilitator = await service.make_facilitator()
    case_id = await service.make_case(facilitator)
    invited = await invite_participant(service.desk, facilitator, case_id, "Oskar", "offender")
    client = Client(service, Surface.PARTICIPANTS)
    sent = {"secret": invited.secret, "code": invited.code, "sign_in_name": chosen}
    sent |= {"passphrase": f"{PASSPHRASE} ", "again": PASSPHRASE.replace(" ", "  ")}
    done = await client.send(f"/enrol/{invited.id}", **sent)
    assert done.status_code == 200, done.text
    return client, words(done.text)


async def test_the_name_that_the_page_shows_is_the_one_that_signs_in(service: Service) -> None:
    client, shown = await enrolled_as(service, "Oskar  Müller")
    assert re.fullmatch(r"Oskar Müller\d{4}", shown)
    for typed in (shown, shown.replace(" ", ""), f"{shown[:-4]} {shown[-4:]}"):
        answer = await client.send("/sign-in", name=typed, passphrase=f" {PASSPHRASE}")
        assert answer.status_code == 303, typed


async def refusal(client: Client, name: str) -> str:
    """The page after a wrong try, without the name that was typed."""
    answer = await client.send("/sign-in", name=name, passphrase="not the right lantern")
    assert answer.status_code == 401
    return answer.text.replace(f'value="{name}"', "")


async def test_who_left_out_the_digits_is_told_so_whether_or_not_anybody_has_the_name(
    service: Service,
) -> None:
    client, shown = await enrolled_as(service, "river")
    said = "There are not four digits at the end of that name."
    for known, unknown, told in (("river", "stone", True), (f"river {shown[-4:]}", "stone 0000", False)):
        page = await refusal(client, known)
        assert page == await refusal(client, unknown)
        assert (said in page) is told
        assert "The name or the passphrase is not right." in page
    assert said not in await refusal(Client(service, Surface.DESK), "river")


async def test_too_many_tries_are_said_and_nothing_of_digits(service: Service) -> None:
    client = Client(service, Surface.PARTICIPANTS)
    for _ in range(service.participants.settings.sign_in_tries):
        answer = await client.send("/sign-in", name="river", passphrase="not the right lantern")
        assert answer.status_code == 401
    answer = await client.send("/sign-in", name="river", passphrase="not the right lantern")
    assert (answer.status_code, "four digits at the end of that" in answer.text) == (429, False)


async def test_an_invitation_that_was_used_and_one_that_never_was_get_the_same_page(service: Service) -> None:
    facilitator = await service.make_facilitator()
    case_id = await service.make_case(facilitator)
    used = await invite_participant(service.desk, facilitator, case_id, "Vera", "victim")
    client = Client(service, Surface.PARTICIPANTS)
    sent = {"secret": used.secret, "code": used.code, "sign_in_name": "vera"}
    sent |= {"passphrase": PASSPHRASE, "again": PASSPHRASE}
    assert (await client.send(f"/enrol/{used.id}", **sent)).status_code == 200
    pages = set()
    for invitation_id in (used.id, uuid4()):
        first = (await client.http.get(f"/enrol/{invitation_id}")).text
        [number] = re.findall(r"We put (\d{4}) behind it without a space", first)
        answer = await client.send(f"/enrol/{invitation_id}", **sent, offered=offer(first))
        assert answer.status_code == 410
        own = (str(invitation_id), number, words(first), offer(answer.text))
        pages.add(re.sub("|".join(map(re.escape, own)), "", answer.text))
    [page] = pages
    assert "cannot be used" in page
    assert "Have you enrolled already? Then sign in with the name and passphrase that you chose." in page


async def test_the_enrolment_page_begins_with_what_is_needed_and_warns_further_down(
    service: Service,
) -> None:
    page = (await Client(service, Surface.PARTICIPANTS).http.get(f"/enrol/{uuid4()}")).text
    order = [
        "<h1>",
        "<p>It takes about five minutes. Have paper and a pen with you.",
        '<form method="post" action="/enrol/',
        "<details>",
        "<summary>Have you signed in here before?",
        "you begin anew with this",
        "</details>",
        'type="submit">Start',
    ]
    places = [page.index(one) for one in order]
    assert places == sorted(places)
    assert 'inputmode="numeric"' in page.partition('id="f-code"')[2].partition(">")[0]


async def test_the_sign_in_page_says_what_to_do_for_a_lost_name_too(service: Service) -> None:
    page = (await Client(service, Surface.PARTICIPANTS).http.get("/sign-in")).text
    assert "If you have lost your name or your passphrase" in page
    assert "With the four digits at its end, such as river3673" in page

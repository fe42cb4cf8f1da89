"""Suspending an account, ending that, and taking somebody off a case: what is said, and what follows."""

import psycopg

from relay.cases.service import add_facilitator
from relay.db.transaction import Surface
from relay.identity.sessions import open_session, sign_in
from tests.support.house import PASSPHRASE, Service
from tests.support.web import Client, Exchange, seated, staff_client


def told(service: Service, tag: str) -> int:
    """How many entries of this kind there are."""
    with psycopg.connect(service.dsns.superuser.url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM relay.audit_entries WHERE tag = %s", [tag]
        ).fetchone()
    assert found
    return int(found[0])


async def text(client: Client, path: str) -> str:
    answer = await client.http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_participants_account_is_suspended_after_a_question_and_let_in_again(
    exchange_by_hand: Exchange,
) -> None:
    exchange, desk = exchange_by_hand, exchange_by_hand.desk
    case = f"/cases/{exchange.case_id}"
    vera = f"{case}/people/{exchange.victim_id}"
    shown = await text(desk, case)
    assert f'href="{vera}/suspend"' in shown
    assert f'action="{vera}/suspend"' not in shown  # not by one press
    asked = await text(desk, f"{vera}/suspend")
    for follows in ("Suspend the account of Vera?", "cannot sign in any more", "The exchange does not stop"):
        assert follows in asked
    assert "Pause for Vera" in asked
    assert f'action="{vera}/suspend"' in asked
    assert told(exchange.service, "account.suspended") == 0

    done = await desk.send(f"{vera}/suspend")
    assert (done.status_code, done.headers["location"]) == (303, f"{case}?done=suspended")
    shown = await text(desk, f"{case}?done=suspended")
    assert "The account is suspended." in shown
    assert "Invite Vera anew" not in shown
    assert (await exchange.victim.http.get("/")).headers["location"] == "/sign-in"
    # as the page says: something still passes to them
    item = await exchange.write(exchange.offender)
    await exchange.approve(item)
    await exchange.release(item)

    assert "under “More about”" in (await desk.send(f"{vera}/invitation")).text
    assert f'href="{vera}/end-suspension"' in shown
    assert "could sign in as well" in await text(desk, f"{vera}/end-suspension")
    exchange.service.clock.go(minutes=11)
    assert (
        await desk.api("POST", f"{vera}/end-suspension", {})
    ).status_code == 403  # not without the passphrase
    done = await desk.send(f"{vera}/end-suspension", passphrase=PASSPHRASE)
    assert (done.status_code, done.headers["location"]) == (303, f"{case}?done=suspension-ended")
    assert told(exchange.service, "account.suspension_ended") == 1
    # what they had open stays shut, and what they had to sign in with fits
    assert (await exchange.victim.http.get("/")).headers["location"] == "/sign-in"
    await exchange.victim.sign_in("vera")
    assert len(await exchange.victim.ask("/deliveries")) == 1
    again = await desk.api("POST", f"{vera}/end-suspension", {})
    assert (again.status_code, "not suspended" in again.text) == (409, True)
    assert told(exchange.service, "account.suspension_ended") == 1


async def test_an_invitation_that_waited_stays_void(exchange: Exchange) -> None:
    case = f"/cases/{exchange.case_id}"
    invited = await exchange.desk.do(f"{case}/people", {"name": "Wanda", "part": "victim"}, status=201)
    wanda = f"{case}/people/{invited['account_id']}"
    await exchange.desk.do(f"{wanda}/suspend", status=204)
    assert "had not enrolled" in await text(exchange.desk, f"{wanda}/end-suspension")
    await exchange.desk.do(f"{wanda}/end-suspension", status=204)
    enrolment = {"secret": invited["secret"], "sign_in_name": "wanda", "passphrase": PASSPHRASE}
    client = Client(exchange.service, Surface.PARTICIPANTS)

    async def status(invitation: dict[str, str]) -> int:
        sent = enrolment | {"secret": invitation["secret"], "code": invitation["code"]}
        return (await client.http.post(f"/api/v1/enrolments/{invitation['id']}", json=sent)).status_code

    assert await status(invited) == 410
    assert await status(await exchange.desk.do(f"{wanda}/invitation", status=201)) == 201


async def test_a_colleague_comes_back_to_their_cases_and_reads_anew_what_they_had_approved(
    exchange: Exchange,
) -> None:
    service, people = exchange.service, exchange.people
    assert people is not None
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, people.facilitator, people.case_id, filip.id)
    item = await exchange.write(exchange.victim)
    await (await seated(service, Surface.DESK, filip)).do(f"/items/{item}/claim")
    theirs = await seated(service, Surface.DESK, filip)
    await theirs.api("GET", f"/items/{item}/rendition")
    clean = (await theirs.ask(f"/items/{item}"))["clean"]
    await theirs.do(
        f"/items/{item}/decisions",
        {"decision": "approve", "rendition_id": clean["id"], "sha256": clean["sha256"]},
    )
    assert (await exchange.desk.ask(f"/items/{item}"))["approvals"] == 1

    anna = await staff_client(service, "administrator", "Anna")
    assert f'href="/accounts/{filip.id}/suspend"' in await text(anna, "/accounts")
    assert "do not count any more" in await text(anna, f"/accounts/{filip.id}/suspend")
    await anna.send(f"/accounts/{filip.id}/suspend")
    assert (await theirs.http.get("/")).headers["location"] == "/sign-in"
    assert f'href="/accounts/{filip.id}/end-suspension"' in await text(anna, "/accounts?done=suspended")
    await service.sign_roster()
    service.clock.go(minutes=1)
    assert "relay staff sign" in await text(anna, f"/accounts/{filip.id}/end-suspension")
    done = await anna.send(f"/accounts/{filip.id}/end-suspension")
    assert (done.status_code, done.headers["location"]) == (303, "/accounts?done=suspension-ended")

    back = await seated(service, Surface.DESK, filip)
    assert "Your cases" in await text(back, "/")
    assert (await exchange.desk.ask(f"/items/{item}"))["may_approve"] == [str(people.facilitator.id)]
    await service.sign_roster()
    shown = await exchange.desk.ask(f"/items/{item}")
    assert (shown["approvals"], shown["lapsed"]) == (0, [str(filip.id)])
    assert str(filip.id) in shown["may_approve"]


async def test_only_an_administrator_lets_staff_in_again_and_nobody_themselves(exchange: Exchange) -> None:
    service = exchange.service
    anna = await staff_client(service, "administrator", "Anna")
    gita = await service.make_facilitator("Gita")
    await anna.do(f"/staff/{gita.id}/suspend", status=204)
    for client in (exchange.desk, await staff_client(service, name="Hana")):
        path = f"/cases/{exchange.case_id}/people/{gita.id}/end-suspension"
        assert (await client.api("POST", f"/staff/{gita.id}/end-suspension", {})).status_code == 403
        assert (await client.api("POST", path, {})).status_code in {403, 404}
        assert (await client.http.get(path)).status_code == 404
    path = f"/cases/{exchange.case_id}/people/{exchange.victim_id}/end-suspension"
    assert (await anna.api("POST", path, {})).status_code == 403
    assert (await anna.api("POST", f"/staff/{exchange.victim_id}/end-suspension", {})).status_code == 404
    await anna.do(f"/staff/{gita.id}/end-suspension", status=204)


async def test_who_is_the_last_of_their_kind_is_said_before(exchange: Exchange) -> None:
    service = exchange.service
    assert exchange.people is not None
    anna = await staff_client(service, "administrator", "Anna")
    fatima = exchange.people.facilitator.id
    assert "Nobody works on cases after this" in await text(anna, f"/accounts/{fatima}/suspend")
    await service.make_staff("supervisor", "Sara")
    assert "Nobody works on cases" not in await text(anna, f"/accounts/{fatima}/suspend")
    adam = await service.make_staff("administrator", "Adam")
    assert "You are the only active administrator after this" in await text(
        anna, f"/accounts/{adam.id}/suspend"
    )
    ada = await service.make_staff("administrator", "Ada")
    assert "only active administrator" not in await text(anna, f"/accounts/{ada.id}/suspend")
    invited = await service.invite_staff("facilitator", "Nobody yet")
    await anna.do(f"/staff/{invited.account_id}/suspend", status=204)
    refused = await anna.send(f"/accounts/{invited.account_id}/end-suspension")
    assert (refused.status_code, "Invite them once more." in refused.text) == (409, True)


async def test_taking_somebody_off_the_case_names_them_and_what_follows(exchange: Exchange) -> None:
    desk, case = exchange.desk, f"/cases/{exchange.case_id}"
    _, delivery = await exchange.deliver(exchange.victim)
    waiting = await exchange.write(exchange.offender)
    await exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": "open"})
    people = (await desk.ask(case))["people"]
    oskar = next(one for one in people if one["account_id"] == exchange.offender_id)
    path = f"{case}/people/{oskar['seat_id']}/remove"
    shown = await text(desk, case)
    assert f'href="{path}"' in shown
    assert f'action="{path}"' not in shown
    asked = await text(desk, path)
    assert "Take Oskar off the case?" in asked
    assert "This cannot be undone." in asked
    assert len((await desk.ask(case))["people"]) == len(people)

    done = await desk.send(path)
    assert (done.status_code, done.headers["location"]) == (303, f"{case}?done=removed")
    assert len((await desk.ask(case))["people"]) == len(people) - 1
    # as the page says
    kept = await exchange.offender.api("GET", f"/deliveries/{delivery}/content")
    assert kept.status_code == 200
    await exchange.offender.do(f"/items/{waiting}/withdraw")
    refused = await exchange.offender.api("PUT", f"/items/{waiting}/draft", {"text": "More."})
    assert refused.status_code == 404
    assert (await desk.http.get(path)).status_code == 404


async def test_a_colleague_taken_off_can_be_added_again_and_the_page_says_so(exchange: Exchange) -> None:
    assert exchange.people is not None
    filip = await exchange.service.make_facilitator("Filip")
    seat = await add_facilitator(
        exchange.service.desk, exchange.people.facilitator, exchange.people.case_id, filip.id
    )
    asked = await text(exchange.desk, f"/cases/{exchange.case_id}/people/{seat}/remove")
    assert "Take Filip off the case?" in asked
    assert "The case gets a new key" in asked
    assert "cannot be undone" not in asked
    other = await staff_client(exchange.service, name="Gita")
    assert (await other.http.get(f"/cases/{exchange.case_id}/people/{seat}/remove")).status_code == 404


async def test_a_session_of_before_does_not_come_to_life_again(service: Service) -> None:
    """Also not if it was there when a service got this version."""
    anna = await service.make_staff("administrator", "Anna")
    fatima = await staff_client(service, name="Fatima")
    cookie, person = await sign_in(service.desk, Surface.DESK, "Fatima", PASSPHRASE, "192.0.2.1")
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE relay.accounts SET state = 'suspended' WHERE id = %s", [person.id])
    administrator = await seated(service, Surface.DESK, anna)
    await administrator.do(f"/staff/{person.id}/end-suspension", status=204)
    assert await open_session(service.desk, Surface.DESK, cookie) is None
    await fatima.sign_in("Fatima")


async def test_who_never_enrolled_is_not_offered_the_end_of_a_suspension_that_cannot_end(
    service: Service,
) -> None:
    anna = await staff_client(service, "administrator", "Anna")
    invited = await anna.do("/staff", {"name": "Nobody yet", "role": "facilitator"}, status=201)
    account = f"/accounts/{invited['account_id']}"
    assert "the suspension cannot be ended" in await text(anna, f"{account}/suspend")
    await anna.send(f"{account}/suspend")
    shown = await text(anna, "/accounts")
    assert f"{account}/end-suspension" not in shown
    assert "Nobody yet had not enrolled: there is nothing to go back to." in shown
    asked = await text(anna, f"{account}/end-suspension")
    assert "Invite them once more" in asked
    assert f'action="{account}/end-suspension"' not in asked

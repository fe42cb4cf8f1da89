"""Two colleagues of one name: the list tells them apart, and nobody is invited by a name that is taken."""

import psycopg
import pytest

from relay.errors import Invalid
from relay.identity import founding
from relay.identity.invitations import Invitation
from tests.support.house import Service
from tests.support.web import staff_client


@pytest.mark.parametrize("name", ["Filip Novak", "filip NOVAK", "Ｆilip Novak"])
async def test_a_name_that_a_colleague_has_is_refused_and_what_was_typed_stays(
    service: Service, name: str
) -> None:
    anna = await staff_client(service, "administrator", "Anna")
    await service.make_staff("facilitator", "Filip Novak")
    refused = await anna.send("/accounts", name=name, role="funder")
    assert refused.status_code == 400
    assert "A colleague of this name is among the accounts already." in refused.text
    assert f'value="{name}"' in refused.text
    assert len(await anna.ask("/staff")) == 2
    await anna.do("/staff", {"name": "Filip Novak, Brno", "role": "funder"}, status=201)


async def test_who_was_invited_is_invited_once_more_after_their_invitation_ended(service: Service) -> None:
    anna = await staff_client(service, "administrator", "Anna")
    wanted = {"name": "Filip", "role": "facilitator"}
    first = await anna.do("/staff", wanted, status=201)
    assert (await anna.api("POST", "/staff", wanted)).status_code == 400
    await anna.do(f"/staff/{first['account_id']}/suspend", status=204)
    await anna.do("/staff", wanted, status=201)
    service.clock.go(days=service.settings.invitation_days)
    await anna.sign_in("Anna")
    await anna.do("/staff", wanted, status=201)


async def test_who_used_up_the_tries_of_an_invitation_is_invited_once_more(service: Service) -> None:
    anna = await staff_client(service, "administrator", "Anna")
    wanted = {"name": "Filip", "role": "facilitator"}
    await anna.do("/staff", wanted, status=201)
    for tries, status in ((4, 400), (5, 201)):
        with psycopg.connect(service.dsns.superuser.url) as connection:
            connection.execute("UPDATE relay.invitations SET tries = %s WHERE used_at IS NULL", [tries])
        assert (await anna.api("POST", "/staff", wanted)).status_code == status


async def test_nobody_comes_back_by_a_name_that_a_colleague_has_by_now(service: Service) -> None:
    anna = await staff_client(service, "administrator", "Anna")
    filip = await service.make_staff("facilitator", "Filip")
    await anna.do(f"/staff/{filip.id}/suspend", status=204)
    again = await anna.do("/staff", {"name": "filip", "role": "facilitator"}, status=201)
    ended = await anna.api("POST", f"/staff/{filip.id}/end-suspension")
    assert ended.status_code == 409
    assert "A colleague of this name is among the accounts by now" in ended.json()["detail"]
    assert {one["state"] for one in await anna.ask("/staff") if one["name"] != "Anna"} == {
        "suspended",
        "invited",
    }
    await anna.do(f"/staff/{again['account_id']}/suspend", status=204)
    await anna.do(f"/staff/{filip.id}/end-suspension", status=204)


async def test_the_list_says_since_when(service: Service) -> None:
    anna = await staff_client(service, "administrator", "Anna")
    for _ in range(2):
        await service.invite_staff(name="Filip")
    shown = (await anna.http.get("/accounts")).text
    listed = await anna.ask("/staff")
    assert [(one["name"], one["enrolled"]) for one in listed] == [
        ("Anna", True),
        ("Filip", False),
        ("Filip", False),
    ]
    assert shown.count('<p class="soft small">On the list since ') == 3
    assert listed[1]["since"] < listed[2]["since"]


async def test_the_operator_is_refused_as_well(service: Service) -> None:
    await service.make_staff("facilitator", "Filip")

    async def invite(name: str) -> Invitation:
        return await founding.invite_staff(
            service.owner,
            service.keyring,
            service.id,
            role="facilitator",
            name=name,
            now=service.clock(),
            days=7,
        )

    with pytest.raises(Invalid) as refused:
        await invite("filip")
    assert "tells the two apart" in refused.value.fields["name"]
    await invite("Filip, Brno")

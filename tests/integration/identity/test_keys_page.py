import msgspec
import pytest

from relay.db.transaction import Surface
from relay.identity import roster
from relay.identity.operator import looking
from relay.identity.trust import carries
from relay.vault.suite import KeyPair, Signer
from tests.support.house import Service
from tests.support.web import enrolled


@pytest.mark.parametrize("role", ["facilitator", "administrator"])
async def test_the_desk_shows_the_words_that_the_operator_compares(service: Service, role: str) -> None:
    client = await enrolled(service, Surface.DESK, await service.invite_staff(role, "Fatima"), "fatima")
    async with looking(service.owner, service.id) as tx:
        (member,) = await roster.staff(tx, service.columns, service.id)
    assert member.key is not None
    page = await client.http.get("/keys")
    assert page.status_code == 200
    assert member.key.words in page.text
    assert member.key.groups in page.text


@pytest.mark.parametrize(
    ("role", "before", "after"),
    [
        ("facilitator", "Before you can work on a case", "so you can work on cases"),
        (
            "administrator",
            "you need not wait for the signed staff roster",
            "though with your role you work on no case",
        ),
        (
            "funder",
            "you need not wait for the signed staff roster",
            "though with your role you work on no case",
        ),
    ],
)
async def test_it_says_whether_they_are_on_the_signed_roster(
    service: Service, role: str, before: str, after: str
) -> None:
    client = await enrolled(service, Surface.DESK, await service.invite_staff(role, "Fatima"), "fatima")
    page = (await client.http.get("/keys")).text
    assert before in page
    assert "are on the signed staff roster" not in page
    await service.sign_roster()
    client.app.litestar.state.house = service.desk
    page = (await client.http.get("/keys")).text
    assert f"Your keys are on the signed staff roster, {after}" in page
    assert before not in page


async def test_the_words_are_there_where_the_roster_in_the_database_is_refused(service: Service) -> None:
    """After a restore, say: then every key is compared again before the next one is signed."""
    client = await enrolled(
        service, Surface.DESK, await service.invite_staff("facilitator", "Fatima"), "fatima"
    )
    await service.sign_roster()
    newer = msgspec.structs.replace(service.pins, roster_version=service.pins.roster_version + 1)
    client.app.litestar.state.house = msgspec.structs.replace(service.desk, pins=newer)
    async with looking(service.owner, service.id) as tx:
        (member,) = await roster.staff(tx, service.columns, service.id)
    assert member.key is not None
    page = await client.http.get("/keys")
    assert page.status_code == 200
    assert member.key.words in page.text
    assert "are on the signed staff roster" not in page.text


async def test_a_roster_with_other_keys_or_another_role_is_not_called_theirs(service: Service) -> None:
    person = await service.make_facilitator()
    async with service.desk.database.reading(person.id) as tx:
        assert await carries(tx, service.desk, person)
        for other in (
            {"keys": KeyPair.generate()},
            {"signer": Signer.generate()},
            {"key_version": 2},
            {"roles": frozenset({"administrator"})},
        ):
            changed = msgspec.structs.replace(person, **other)
            assert not await carries(tx, service.desk, changed)

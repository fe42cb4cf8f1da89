import pytest

from relay.db.transaction import Surface
from relay.identity import roster
from relay.identity.operator import looking
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

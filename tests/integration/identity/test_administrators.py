"""Who decides over colleagues is on the signed roster as an administrator, whatever the database says."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from relay.errors import Forbidden
from relay.identity.accounts import end_suspension, suspend
from relay.identity.invitations import invite_staff
from relay.identity.model import Person
from tests.support.house import Service

ADMINISTRATOR = frozenset({"administrator"})


async def everything(service: Service, person: Person, colleague: Person) -> None:
    """What an administrator can do."""
    tries: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: invite_staff(service.desk, person, "facilitator", "Frida"),
        lambda: suspend(service.desk, person, colleague.id),
        lambda: end_suspension(service.desk, person, colleague.id),
    )
    for act in tries:
        with pytest.raises(Forbidden, match="not on the signed list of staff"):
            await act()


async def test_an_administrator_does_nothing_before_the_roster_carries_them(service: Service) -> None:
    colleague = await service.make_facilitator()
    new = await service.enrol_quickly(
        service.desk, await service.invite_staff("administrator", "Anna"), roles=ADMINISTRATOR
    )
    await everything(service, new, colleague)
    await service.sign_roster()
    await suspend(service.desk, new, colleague.id)
    await end_suspension(service.desk, new, colleague.id)
    assert (await invite_staff(service.desk, new, "facilitator", "Frida")).secret


async def test_a_role_that_was_written_into_the_database_and_an_older_key_count_for_nothing(
    service: Service,
) -> None:
    colleague, facilitator = await service.make_facilitator(), await service.make_facilitator("Filip")
    await everything(service, msgspec.structs.replace(facilitator, roles=ADMINISTRATOR), colleague)
    anna = await service.make_staff("administrator", "Anna")
    await everything(service, msgspec.structs.replace(anna, key_version=anna.key_version + 1), colleague)

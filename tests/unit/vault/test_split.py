from uuid import UUID, uuid4

import pytest

from relay.errors import VaultRefused
from relay.vault.split import HALF, join, split

SESSION = UUID(int=5)


def test_both_halves_together_open_the_session() -> None:
    made = split(b"keys", SESSION)
    assert join(made.cookie_half, made.database_half, made.sealed, SESSION) == b"keys"


def test_one_half_alone_opens_nothing() -> None:
    cookie, database, sealed = split(b"keys", SESSION)
    attempts = [
        (cookie, bytes(HALF), sealed, SESSION),
        (bytes(HALF), database, sealed, SESSION),
        (database, cookie, sealed, SESSION),
        (cookie, cookie, sealed, SESSION),
        (cookie + database, b"", sealed, SESSION),
        (cookie[:-1], cookie[-1:] + database, sealed, SESSION),
        (cookie, database, sealed, uuid4()),
        (cookie, database, sealed[:-1], SESSION),
    ]
    for cookie_half, database_half, box, session in attempts:
        with pytest.raises(VaultRefused):
            join(cookie_half, database_half, box, session)


def test_halves_do_not_show_themselves() -> None:
    made = split(b"keys", SESSION)
    assert f"{made} {made!r}" == "<Split> <Split>"


def test_halves_are_fresh_each_time() -> None:
    one, other = split(b"keys", SESSION), split(b"keys", SESSION)
    assert len({one.cookie_half, one.database_half, other.cookie_half, other.database_half}) == 4

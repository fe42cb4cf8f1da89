from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from relay.errors import VaultRefused
from relay.vault.grants import (
    Holder,
    grant,
    grant_case_key,
    open_case_key,
    open_grant,
    seal_scheduled,
    unwrap_scheduled,
)
from relay.vault.suite import DataKey, KeyPair
from tests.unit.vault.helpers import CASE, OBJECT, SERVICE

PERSON = Holder("account", UUID(int=7), 3)
WORKER = Holder("worker", UUID(int=8), 12)
PLACE: dict[str, Any] = {"service": SERVICE, "case": CASE, "object_id": OBJECT}
NOT_BEFORE = 1_800_000_000


def others(holder: Holder) -> list[Holder]:
    """Return holders that differ from this one in one thing each."""
    return [
        msgspec.structs.replace(holder, kind="recovery"),
        msgspec.structs.replace(holder, id=uuid4()),
        msgspec.structs.replace(holder, key_version=holder.key_version - 1),
    ]


def elsewhere(place: dict[str, Any]) -> list[dict[str, Any]]:
    """Return places that differ from this one in one thing each."""
    return [{**place, name: uuid4()} for name in place]


def test_a_grant_opens_to_its_data_key() -> None:
    pair, key = KeyPair.generate(), DataKey.generate()
    sealed = grant(key, pair.public, **PLACE, holder=PERSON)
    assert len(sealed) == 1169
    assert open_grant(pair, sealed, **PLACE, holder=PERSON) == key


def test_a_grant_moved_to_another_service_case_object_or_holder_is_refused() -> None:
    pair = KeyPair.generate()
    sealed = grant(DataKey.generate(), pair.public, **PLACE, holder=PERSON)
    moved = [(place, PERSON) for place in elsewhere(PLACE)] + [(PLACE, holder) for holder in others(PERSON)]
    assert len(moved) == 6
    for place, holder in moved:
        with pytest.raises(VaultRefused):
            open_grant(pair, sealed, **place, holder=holder)


def test_an_opened_grant_of_the_wrong_size_is_refused() -> None:
    pair = KeyPair.generate()
    short = Holder("account", UUID(int=7), 3)
    sealed = grant_case_key(
        KeyPair.generate(), pair.public, service=SERVICE, case=CASE, case_key_version=1, holder=short
    )
    with pytest.raises(VaultRefused):
        open_grant(pair, sealed, **PLACE, holder=short)


def test_a_scheduled_grant_gives_the_workers_the_recipients_grant_and_nothing_more() -> None:
    person, worker, key = KeyPair.generate(), KeyPair.generate(), DataKey.generate()
    inner = grant(key, person.public, **PLACE, holder=PERSON)
    times: dict[str, Any] = {**PLACE, "recipient": PERSON, "worker": WORKER, "not_before": NOT_BEFORE}
    sealed = seal_scheduled(inner, worker.public, **times)
    unwrapped = unwrap_scheduled(worker, sealed, **times)
    assert unwrapped == inner
    assert open_grant(person, unwrapped, **PLACE, holder=PERSON) == key
    for holder in (PERSON, WORKER):
        with pytest.raises(VaultRefused):
            open_grant(worker, unwrapped, **PLACE, holder=holder)
    with pytest.raises(VaultRefused):
        open_grant(person, sealed, **PLACE, holder=PERSON)


def test_a_scheduled_grant_is_bound_to_place_people_and_time() -> None:
    person, worker = KeyPair.generate(), KeyPair.generate()
    inner = grant(DataKey.generate(), person.public, **PLACE, holder=PERSON)
    times: dict[str, Any] = {**PLACE, "recipient": PERSON, "worker": WORKER, "not_before": NOT_BEFORE}
    sealed = seal_scheduled(inner, worker.public, **times)
    changed = [
        *({**times, **place} for place in elsewhere(PLACE)),
        *({**times, "recipient": holder} for holder in others(PERSON)),
        *({**times, "worker": holder} for holder in others(WORKER)),
        {**times, "not_before": NOT_BEFORE - 1},
    ]
    assert len(changed) == 10
    for values in changed:
        with pytest.raises(VaultRefused):
            unwrap_scheduled(worker, sealed, **values)


def case_place(**changes: Any) -> dict[str, Any]:
    return {"service": SERVICE, "case": CASE, "case_key_version": 4, "holder": PERSON, **changes}


def test_a_case_key_opens_for_its_facilitator() -> None:
    pair, case_key = KeyPair.generate(), KeyPair.generate()
    sealed = grant_case_key(case_key, pair.public, **case_place())
    opened = open_case_key(pair, sealed, **case_place(), fingerprint=case_key.public.fingerprint)
    assert opened == case_key


def test_a_case_key_moved_to_another_place_is_refused() -> None:
    pair, case_key = KeyPair.generate(), KeyPair.generate()
    sealed = grant_case_key(case_key, pair.public, **case_place())
    changed = [
        case_place(service=uuid4()),
        case_place(case=uuid4()),
        case_place(case_key_version=3),
        *(case_place(holder=holder) for holder in others(PERSON)),
    ]
    for place in changed:
        with pytest.raises(VaultRefused):
            open_case_key(pair, sealed, **place, fingerprint=case_key.public.fingerprint)


def test_a_planted_case_key_is_refused() -> None:
    pair, true_key, planted = KeyPair.generate(), KeyPair.generate(), KeyPair.generate()
    sealed = grant_case_key(planted, pair.public, **case_place())
    with pytest.raises(VaultRefused):
        open_case_key(pair, sealed, **case_place(), fingerprint=true_key.public.fingerprint)

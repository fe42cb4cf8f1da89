"""What is written of a concern, sealed to its case and bound to its row."""

from typing import Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from relay.cases.keys import SealedToCase, open_case_keys, open_from_case, seal_to_case
from relay.db.transaction import Reading
from relay.errors import Missing, VaultRefused
from relay.house import House
from relay.identity.model import Person
from relay.safeguarding.model import Noticed, Said
from relay.vault.suite import KeyPair

_NOTICED: Final = "concern"
_SAID: Final = "concern entry"
_Written = TypeVar("_Written")


class Keys(NamedTuple):
    """The keys of one case that a facilitator was given; none where they made new keys since."""

    house: House
    case_id: UUID
    pairs: dict[int, KeyPair]

    def noticed(self, concern_id: UUID, sealed: SealedToCase) -> Noticed | None:
        """Open what was noticed, or return None if these keys do not open it."""
        return self._open(Noticed, _NOTICED, concern_id, sealed)

    def said(self, entry_id: UUID, sealed: SealedToCase) -> Said | None:
        """Open an entry, or return None if these keys do not open it."""
        found: Said | None = self._open(Said, _SAID, entry_id, sealed)  # type: ignore[arg-type]  # mypy: no union
        return found

    def _open(
        self, written: type[_Written], purpose: str, row_id: UUID, sealed: SealedToCase
    ) -> _Written | None:
        try:
            text = open_from_case(self.house, self.pairs, self.case_id, purpose, row_id, sealed)
        except (Missing, VaultRefused):
            return None
        return msgspec.json.decode(text, type=written)


async def keys_of(tx: Reading, house: House, person: Person, case_id: UUID) -> Keys:
    """Return the keys with which this person reads the concerns of a case."""
    try:
        pairs = await open_case_keys(tx, house, person, case_id)
    except (Missing, VaultRefused):
        pairs = {}
    return Keys(house, case_id, pairs)


async def seal_noticed(
    tx: Reading, house: House, case_id: UUID, concern_id: UUID, noticed: Noticed
) -> SealedToCase:
    """Seal what was noticed for the facilitators of the case."""
    return await seal_to_case(tx, house, case_id, _NOTICED, concern_id, _json(noticed))


async def seal_said(tx: Reading, house: House, case_id: UUID, entry_id: UUID, said: Said) -> SealedToCase:
    """Seal an entry for the facilitators of the case."""
    return await seal_to_case(tx, house, case_id, _SAID, entry_id, _json(said))


def _json(written: Noticed | Said) -> str:
    return msgspec.json.encode(written).decode()

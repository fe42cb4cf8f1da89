"""Sessions of our own: the cookie holds an identifier and one half of a key, the row the other half.

The row is found by the hash of the identifier. Both halves open what it holds, the person's private keys.

- identifiers are made here, never taken from a browser (fixation), and change at sign-in, step-up and
  sign-out
- whose session it is, and for which keys, is sealed inside: a row that is changed to another account opens
  nothing
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.db.transaction import Acting, Surface
from relay.errors import Forbidden, SignInNeeded, StepUpNeeded, VaultRefused
from relay.house import House
from relay.identity import throttle
from relay.identity.model import Person, PrivateBundle
from relay.identity.names import account_lookups, side_of
from relay.identity.stretching import open_bundle, stretch, waste
from relay.identity.surfaces import QUESTIONS, FoundAccount
from relay.identity.throttle import Counted, Limit
from relay.vault.split import HALF, join, split
from relay.vault.suite import KeyPair, Signer

STEP_UP_LASTS = timedelta(minutes=10)
_ADDRESS_FACTOR = 10
_NAME_FACTOR = 10
_IDENTIFIER = 16
_PATIENCE = {Surface.PARTICIPANTS: 0.0, Surface.DESK: 5.0}
"""Seconds to wait for a place to stretch in. However many try at the participants' app: staff get in."""
_OF_SESSION, _OF_PERSON = "a form's session", "a form's person"
_WRONG = "The name or the passphrase is not right. Please check both and try again."


class _Content(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed in a session."""

    account_id: UUID
    service_id: UUID
    key_version: int
    bundle: PrivateBundle
    forms: bytes = b""
    """The hash of the session that the sign-in began, where a step-up has put this one in its place."""


class _SessionRow(msgspec.Struct, frozen=True):
    account_id: UUID
    service_id: UUID
    roles: str
    key_version: int
    half: bytes
    sealed: bytes
    created_at: datetime
    expires_at: datetime
    stepped_up_at: datetime | None


async def sign_in(
    house: House, surface: Surface, name: str, passphrase: str, client_key: str
) -> tuple[str, Person]:
    """Start a session; return the cookie's value and who it is. `client_key` is the network address.

    Raises `Busy` (429 after too many tries, 503 when the house is full) or `SignInNeeded`; a name that nobody
    has costs and says the same as a wrong passphrase.
    """
    service_id = house.pins.service_id
    lookups = account_lookups(house.keyring, service_id, side_of(surface), name)
    lookup = lookups.now  # however it is spaced, tries of one name are counted as one
    network = throttle.network(client_key)
    by_pair = Counted(f"sign-in {surface} name and address", lookup + network, _limit(house))
    await throttle.take(
        house,
        Counted(f"sign-in {surface} address", network, _limit(house, _ADDRESS_FACTOR)),
        by_pair,
        # wide, and never started again: else who knows a name could keep its owner out from anywhere, and
        # read from the count when they signed in
        Counted(f"sign-in {surface} name", lookup, _limit(house, _NAME_FACTOR)),
    )
    async with house.database.before_sign_in() as tx:
        account = await tx.one(FoundAccount, QUESTIONS[surface].find_account, [list(lookups), service_id])
    bundle = await _opened(house, account, passphrase)
    if account is None or bundle is None:
        raise SignInNeeded(_WRONG)
    await throttle.forget(house, by_pair)
    content = _Content(account.id, service_id, account.key_version, bundle)
    now = house.clock()
    expires_at = now + timedelta(minutes=house.settings.session_minutes)
    async with house.database.acting(account.id, Tag.SIGNED_IN, chain=service_id, subject=account.id) as act:
        cookie, session_hash = await _start(act, surface, content, now, expires_at)
        roles = await act.value("SELECT roles FROM relay.accounts WHERE id = %s", [account.id])
    return cookie, _person(surface, content, roles, session_hash, now)


async def open_session(house: House, surface: Surface, cookie: str) -> Person | None:
    """Return whose session a cookie opens, with their keys; None if it ended, was idle, or never was."""
    parts = _read(cookie)
    if parts is None:
        return None
    session_id, cookie_half = parts
    session_hash = _hash(session_id)
    idle = timedelta(minutes=house.settings.session_idle_minutes)
    row = await house.database.ask_before_sign_in(
        _SessionRow, QUESTIONS[surface].session_open, [session_hash, house.clock(), idle]
    )
    if row is None:
        return None
    try:
        content = msgspec.msgpack.decode(join(cookie_half, row.half, row.sealed, session_id), type=_Content)
    except (VaultRefused, msgspec.MsgspecError):
        return None
    # The row says who this is now, the seal who it was: a changed row, or new keys since, end the session.
    now = (row.account_id, row.service_id, row.key_version)
    if (content.account_id, content.service_id, content.key_version) != now:
        return None
    return _person(surface, content, row.roles, session_hash, row.stepped_up_at)


async def sign_out(house: House, person: Person) -> None:
    """End the person's session. What its row held is gone, in an UNLOGGED table, so for good."""
    async with house.database.acting(
        person.id, Tag.SIGNED_OUT, chain=person.service_id, subject=person.id
    ) as act:
        await act.run(QUESTIONS[house.database.surface].session_end, [person.session_hash])


async def step_up(house: House, person: Person, passphrase: str) -> tuple[str, Person]:
    """Prove the passphrase again: a new session in place of the old one, ending when that would have."""
    await throttle.take(house, Counted("step-up", person.id.bytes, _limit(house)))
    async with house.database.reading(person.id) as tx:
        account = await tx.one(
            FoundAccount,
            "SELECT account_id AS id, version AS key_version, sealed_private FROM relay.account_keys"
            " WHERE account_id = %s AND version = %s",
            [person.id, person.key_version],
        )
    bundle = await _opened(house, account, passphrase)
    if bundle is None:
        raise Forbidden("The passphrase is not right. Please try again.")
    surface, now = house.database.surface, house.clock()
    idle = timedelta(minutes=house.settings.session_idle_minutes)
    forms = person.forms or person.session_hash
    content = _Content(person.id, person.service_id, person.key_version, bundle, forms)
    async with house.database.acting(
        person.id, Tag.STEPPED_UP, chain=person.service_id, subject=person.id
    ) as act:
        old = await act.one(_SessionRow, QUESTIONS[surface].session_open, [person.session_hash, now, idle])
        if old is None:
            raise SignInNeeded
        await act.run(QUESTIONS[surface].session_end, [person.session_hash])
        cookie, session_hash = await _start(act, surface, content, now, old.expires_at)
    return cookie, _person(surface, content, old.roles, session_hash, now)


def require_step_up(house: House, person: Person) -> None:
    """Raise `StepUpNeeded` unless the person proved their passphrase in the last ten minutes."""
    if person.stepped_up_at is None or person.stepped_up_at + STEP_UP_LASTS < house.clock():
        raise StepUpNeeded


def csrf_token(house: House, person: Person) -> str:
    """Return what every form carries since this person signed in; it opens nothing.

    A step-up gives the session a new identifier, and leaves this as it is: what is open and half filled in
    other tabs can still be sent. Its other two parts tell only from which session's and which person's page
    a form came, so that what was typed is shown again to nobody else: see `typed_in` and `typed_by`.
    """
    bound_to = person.forms or person.session_hash
    return ".".join(
        _mark(house, purpose, message)
        for purpose, message in (
            ("csrf", bound_to),
            (_OF_SESSION, person.session_hash),
            (_OF_PERSON, person.id.bytes),
        )
    )


def _mark(house: House, purpose: str, message: bytes) -> str:
    return base64.urlsafe_b64encode(house.keyring.mac(purpose, message)).decode().rstrip("=")


def typed_in(house: House, untrusted_cookie: str, untrusted_token: str) -> bool:
    """Tell whether a form came from a page of the very session, perhaps ended, that the cookie is of."""
    parts, marks = _read(untrusted_cookie), untrusted_token.split(".")
    return parts is not None and _mark(house, _OF_SESSION, _hash(parts[0])) in marks[1:2]


def typed_by(house: House, person: Person, untrusted_token: str) -> bool:
    """Tell whether a form came from a page of this person's, perhaps of an earlier session."""
    return _mark(house, _OF_PERSON, person.id.bytes) in untrusted_token.split(".")[2:]


def check_csrf(house: House, person: Person, untrusted_token: str) -> None:
    """Raise `Forbidden` unless the form was made since this person signed in, for nobody else."""
    wanted, given = (token.split(".")[::2] for token in (csrf_token(house, person), untrusted_token))
    if not hmac.compare_digest(".".join(wanted).encode(), ".".join(given).encode(errors="replace")):
        raise Forbidden(
            "You have signed in anew since this page was opened, or it was not ours, so nothing was done."
            " Please load it again and retry."
        )


def _limit(house: House, factor: int = 1) -> Limit:
    return Limit(house.settings.sign_in_tries * factor, timedelta(minutes=house.settings.sign_in_minutes))


async def _opened(house: House, account: FoundAccount | None, passphrase: str) -> PrivateBundle | None:
    """Open the account's keys, or return None after the same time and memory."""

    def work() -> PrivateBundle | None:
        try:
            if account is None:
                return waste(house.keyring, passphrase)
            return open_bundle(
                house.keyring,
                account.sealed_private,
                passphrase,
                house.pins.service_id,
                account.id,
                account.key_version,
            )
        except VaultRefused:
            return None

    return await stretch(house, work, patience=_PATIENCE[house.database.surface])


async def _start(
    act: Acting, surface: Surface, content: _Content, now: datetime, expires_at: datetime
) -> tuple[str, bytes]:
    """Put a new session in; return its cookie and the hash that it is found by."""
    session_id = uuid4()
    halves = split(msgspec.msgpack.encode(content), session_id)
    await act.run(
        QUESTIONS[surface].session_start,
        [
            _hash(session_id),
            content.account_id,
            halves.database_half,
            halves.sealed,
            now,
            expires_at,
            now,
        ],
    )
    cookie = base64.urlsafe_b64encode(session_id.bytes + halves.cookie_half).decode()
    return cookie, _hash(session_id)


def _person(
    surface: Surface, content: _Content, roles: str, session_hash: bytes, stepped_up_at: datetime | None
) -> Person:
    return Person(
        id=content.account_id,
        service_id=content.service_id,
        side=side_of(surface),
        roles=frozenset(roles.split()),
        key_version=content.key_version,
        keys=KeyPair.from_seeds(content.bundle.key_seeds),
        signer=Signer.from_seed(content.bundle.signing_seed),
        session_hash=session_hash,
        stepped_up_at=stepped_up_at,
        forms=content.forms,
    )


def _hash(session_id: UUID) -> bytes:
    return hashlib.sha256(session_id.bytes).digest()


def _read(untrusted_cookie: str) -> tuple[UUID, bytes] | None:
    try:
        content = base64.b64decode(untrusted_cookie.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    if len(content) != _IDENTIFIER + HALF:
        return None
    return UUID(bytes=content[:_IDENTIFIER]), content[_IDENTIFIER:]

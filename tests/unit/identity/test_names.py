from uuid import uuid4

import pytest

from relay.errors import Invalid
from relay.identity.invitations import Invitation
from relay.identity.names import (
    Lookups,
    account_lookups,
    checked_name,
    checked_sign_in_name,
    ends_in_a_number,
    numbered,
)
from relay.identity.proofs import clean_code, clean_secret
from relay.identity.throttle import network
from relay.vault.suite import context


class Keyring:
    def mac(self, purpose: str, message: bytes) -> bytes:
        return context(purpose, message)


@pytest.mark.parametrize("name", ["", "  ab ", "--- ---", "ve\x00ra", "v" * 101, "ve\u202era"])
def test_a_sign_in_name_that_cannot_be_typed_again_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked_sign_in_name(name)
    assert "sign_in_name" in caught.value.fields


def test_one_name_is_found_however_its_letters_were_typed() -> None:
    service = uuid4()
    forms = ["Zoë", "zoë", " ZOË ", "Zoe\u0308", "\uff3aoë", "z o\u00a0ë", "z\u3000oë", "zo\t\në"]
    assert len({account_lookups(Keyring(), service, "participant", form).now for form in forms}) == 1


def test_a_name_that_was_stored_with_its_spaces_is_looked_for_before_the_one_without() -> None:
    def lookups(name: str) -> Lookups:
        return account_lookups(Keyring(), service, "participant", name)

    service = uuid4()
    assert lookups("river 9506")[1] == lookups("RIVER9506")[0] == lookups("river9506")[1]
    assert lookups("river 9506")[0] not in lookups("river9506")


def test_a_sign_in_name_is_shown_as_a_page_folds_it() -> None:
    assert checked_sign_in_name(" Oskar  \u00a0Müller ") == "Oskar Müller"
    assert numbered("Oskar  Müller 3645", "3645") == "Oskar Müller3645"


def test_a_participants_name_is_short_enough_to_write_down_and_staff_keep_theirs() -> None:
    assert numbered("v" * 36, "3645") == "v" * 36 + "3645"
    with pytest.raises(Invalid, match="3 to 36 letters"):
        numbered("v" * 37, "3645")
    assert numbered("v" * 100, "") == "v" * 100


def test_four_digits_at_the_end_of_a_name_are_seen_however_they_are_typed() -> None:
    for typed in ("river3673", "river 3673 ", "river36 73", "river３６７３", "12345678"):
        assert ends_in_a_number(typed), typed
    for typed in ("", "river", "river367", "3673river", "river3673\u00b9a"):
        assert not ends_in_a_number(typed), typed


def test_one_name_is_another_account_on_the_other_side_and_in_another_service() -> None:
    service = uuid4()
    found = {
        account_lookups(Keyring(), *where, "vera").now
        for where in [(service, "staff"), (service, "participant"), (uuid4(), "staff")]
    }
    assert len(found) == 3


def test_a_persons_name_is_trimmed_and_bounded() -> None:
    assert checked_name("  Vera   Nowak ") == "Vera Nowak"
    for wrong in ("", "  ", "x" * 101, "a\0b"):
        with pytest.raises(Invalid):
            checked_name(wrong)


def test_secret_and_code_count_the_same_however_they_were_written() -> None:
    assert clean_secret(" o1Ll-aB cd\n") == clean_secret("0111ABCD")
    assert clean_code("1234 5678") == clean_code("1234-5678") == b"12345678"
    assert clean_code("۱۲۳۴ ۵۶۷۸") == clean_code("１２３４５６７８") == b"12345678"


def test_an_invitation_never_shows_its_secret() -> None:
    from datetime import UTC, datetime

    invitation = Invitation(
        id=uuid4(), account_id=uuid4(), secret="SECR-ET", code="1234 5678", expires_at=datetime.now(UTC)
    )
    assert "SECR" not in repr(invitation)
    assert "1234 5678" not in repr(invitation)


def test_an_ipv6_household_is_counted_as_one() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") != network("192.0.2.2")
    assert network("fe80::1%eth0") == network("fe80::2")
    assert network("not an address")

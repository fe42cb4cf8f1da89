"""Which cases nobody can open, and whom one may be given to: pure rules."""

from uuid import UUID, uuid4

import msgspec
import pytest

from relay.cases.lost import OnCase, Order, Plan, Reason, RecoveryCase, Staff, make_plan, obstacle
from relay.errors import Conflict
from relay.identity import roster
from relay.identity.roster import Member, StaffKey
from relay.vault.pins import Pins
from relay.vault.statements import Roster
from relay.vault.suite import KeyPair, Signer


def member(name: str, role: str = "facilitator", state: str = "active") -> Member:
    keys, signer = KeyPair.generate(), Signer.generate()
    key = StaffKey(1, keys.public.encoded, signer.public.encoded)
    return Member(account_id=uuid4(), name=name, roles=(role,), state=state, key=key)


def signed(*members: Member) -> Roster:
    pins = Pins(service_id=UUID(int=1), root_public=b"", recovery_public=b"")
    return roster.compose(pins, members, None)


def staff_of(*members: Member, roster_of: tuple[Member, ...] | None = None) -> Staff:
    carried = signed(*(members if roster_of is None else roster_of))
    return Staff({one.account_id: one for one in members}, carried)


FATIMA, GITA, FILIP = member("Fatima A."), member("Gita"), member("Filip O’Neill")
STAFF = staff_of(FATIMA, GITA, FILIP)


def case_of(*members: Member, lost: tuple[Member, ...] = ()) -> RecoveryCase:
    on_it = tuple(OnCase(one, "suspended" if one in lost else "") for one in members)
    return RecoveryCase(uuid4(), b"", "open", on_it)


def ordered(to: str = "Gita", former: str = "", *cases: RecoveryCase) -> Order:
    return Order(to, Reason.LEFT, former, tuple(one.id for one in cases))


def refused(staff: Staff, cases: list[RecoveryCase], order: Order) -> str:
    with pytest.raises(Conflict) as conflict:
        make_plan(staff, cases, order)
    return conflict.value.public


def test_all_of_somebodys_cases_are_given_but_those_that_a_colleague_can_open() -> None:
    alone, with_filip, others = case_of(FATIMA), case_of(FATIMA, FILIP), case_of(FILIP)
    with_lost = case_of(FATIMA, FILIP, lost=(FILIP,))
    plan = make_plan(STAFF, [alone, with_filip, others, with_lost], ordered("gita ", "fatima  a."))
    assert plan == Plan(GITA, FATIMA, (alone, with_lost), (with_filip,))


def test_a_case_that_is_named_needs_nobody_to_be_named_where_nobody_can_open_it() -> None:
    lost, nobody = case_of(FATIMA, lost=(FATIMA,)), case_of()
    plan = make_plan(STAFF, [lost, nobody], ordered("Gita", "", lost, nobody))
    assert plan == Plan(GITA, None, (lost, nobody), ())


def test_who_is_on_the_case_without_all_of_its_keys_can_be_given_them() -> None:
    case = case_of(FATIMA, GITA, lost=(GITA,))
    assert make_plan(STAFF, [case], ordered("Gita", "Fatima A.")).cases == (case,)


def test_a_case_that_somebody_can_open_is_refused_with_who_and_what_to_do() -> None:
    shared = case_of(FATIMA, FILIP)
    said = refused(STAFF, [shared], ordered("Gita", "", shared))
    assert "Fatima A. is on case" in said
    assert "they add Gita themselves" in said
    assert "say so with --from 'Fatima A.'" in said
    for order in (ordered("Gita", "Fatima A.", shared), ordered("Gita", "Fatima A.")):
        said = refused(STAFF, [shared], order)
        assert "Filip O’Neill is on case" in said
        assert "an administrator suspends their account first" in said


def test_who_is_on_it_already_is_told_so() -> None:
    case = case_of(FATIMA, GITA)
    said = refused(STAFF, [case], ordered("Gita", "Fatima A.", case))
    assert "Gita is on case" in said
    assert "was given all of its keys" in said


def test_a_case_has_to_be_named_and_known_and_theirs() -> None:
    case, unknown = case_of(FATIMA), case_of()
    assert "Say which cases" in refused(STAFF, [case], ordered())
    said = refused(STAFF, [case], ordered("Gita", "Fatima A.", unknown))
    assert said == f"There is no case {unknown.id} here. To see them: relay recover list --all"
    assert "Filip O’Neill is not on case" in refused(STAFF, [case], ordered("Gita", "Filip O’Neill", case))
    assert "Filip O’Neill is on no case" in refused(STAFF, [case], ordered("Gita", "Filip O’Neill"))
    assert "Gita is named twice" in refused(STAFF, [case], ordered("Gita", "Gita"))


def test_nobody_gets_a_case_who_is_not_on_the_roster_as_they_are_now() -> None:
    case = case_of(FATIMA)
    for changed, said in (
        (msgspec.structs.replace(GITA, state="suspended"), "Gita is suspended"),
        (msgspec.structs.replace(GITA, state="invited", key=None), "Gita has not enrolled yet"),
        (msgspec.structs.replace(GITA, roles=("supervisor",)), "not on the signed list of staff as they are"),
        (msgspec.structs.replace(member("Gita"), account_id=GITA.account_id), "keys of Gita are not on"),
    ):
        staff = staff_of(FATIMA, changed, roster_of=(FATIMA, GITA))
        assert said in refused(staff, [case], ordered("Gita", "Fatima A."))
    for role in ("administrator", "funder"):
        adam = member("Adam", role)
        said = refused(staff_of(FATIMA, adam), [case], ordered("Adam", "Fatima A."))
        assert "Adam does not work on cases" in said
    # who left the staff has no rights on the roster any more
    left = Staff(
        STAFF.members,
        roster.compose(
            Pins(service_id=UUID(int=1), root_public=b"", recovery_public=b""), [FATIMA], STAFF.signed
        ),
    )
    assert "not on the signed list" in refused(left, [case], ordered("Gita", "Fatima A."))


def test_a_name_that_two_have_is_answered_by_their_identifiers() -> None:
    again = member("Fatima A.")
    first = msgspec.structs.replace(FATIMA, state="suspended")
    staff = staff_of(first, again)
    case = case_of(first, lost=(first,))
    said = refused(staff, [case], ordered("Fatima A.", "Fatima A."))
    assert f"{first.account_id}  suspended" in said
    assert f"{again.account_id}  active" in said
    plan = make_plan(staff, [case], ordered(str(again.account_id), str(first.account_id)))
    assert plan == Plan(again, first, (case,), ())
    assert "Nobody on the staff is called 'Vera'" in refused(staff, [case], ordered("Vera"))


def test_why_somebody_cannot_open_a_case() -> None:
    assert obstacle(STAFF, GITA, [1]) == ""
    assert obstacle(STAFF, GITA, []) == "was not given all of the case's keys"
    assert obstacle(STAFF, GITA, [2]) == "was not given all of the case's keys"
    assert obstacle(STAFF, msgspec.structs.replace(GITA, state="suspended"), [1]) == "suspended"
    off = staff_of(FATIMA, GITA, roster_of=(FATIMA,))
    assert obstacle(off, GITA, [1]) == "not on the signed list of staff"
    adam = member("Adam", "administrator")
    assert obstacle(staff_of(adam), adam, [1]) == "not on the signed list of staff"

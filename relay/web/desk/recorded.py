"""What was just recorded at the gates of a case: said on its page only where it is so."""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from relay.cases.model import GateFacts

_IS_SO: Final[dict[str, Callable[[GateFacts], bool]]] = {
    "asked": lambda facts: any(one.asked for one in facts.requests),
    "asked-back": lambda facts: any(not one.asked for one in facts.requests),
    "responsibility": lambda facts: bool(facts.responsibilities),
    "agreed": lambda facts: any(one.given for one in facts.consents),
    "agreed-back": lambda facts: any(not one.given for one in facts.consents),
    "assessed": lambda facts: facts.assessment is not None and facts.assessment.safe,
    "assessed-unsafe": lambda facts: facts.assessment is not None and not facts.assessment.safe,
    "restricted": lambda facts: any(not one.excepted for one in facts.restrictions),
    "restricted-excepted": lambda facts: any(one.excepted for one in facts.restrictions),
    "lifted": lambda facts: any(one.lifted for one in facts.restrictions),
    "paused": lambda facts: any(one.paused for one in facts.pauses),
    "pause-ended": lambda facts: any(not one.paused for one in facts.pauses),
}


def recorded(untrusted_done: str, facts: GateFacts) -> str:
    """Return what an address says was recorded; empty if that is no gate, or there is no such record."""
    is_so = _IS_SO.get(untrusted_done)
    return untrusted_done if is_so and is_so(facts) else ""


def of_whom(untrusted_whom: str, names: Mapping[UUID, str]) -> str:
    """Return the name of whom an address says it was recorded of; empty if that is nobody on the case."""
    return next((name for account, name in names.items() if str(account) == untrusted_whom), "")


def is_gate(untrusted_done: str) -> bool:
    """Tell what is said at the gates from what is said above the page."""
    return untrusted_done in _IS_SO

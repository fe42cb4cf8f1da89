"""What keeps an item from being passed on or planned: what would be refused, said before it is pressed.

Planning is refused for the same reasons as passing on now: both are decided, sealed and signed at once
(`exchange.preparing.prepare`).
"""

from typing import Final

from relay.review.model import ItemOnDesk, Recipient

_WHY: Final = {
    "not-opposite": "one of the two was no longer on the case",
    "case-closed": "the case was closed",
    "not-asked": "the victim did not ask for the exchange",
    "responsibility-missing": "it was not recorded that the offender accepts responsibility",
    "responsibility-denied": "the offender accepted no responsibility",
    "consent-missing": "one of the two did not agree to this kind",
    "consent-lapsed": "an agreement of one of the two had run out",
    "assessment-missing": "there was no safety assessment",
    "assessment-unsafe": "the safety assessment said that it was not safe",
    "assessment-lapsed": "the safety assessment had run out",
    "restricted": "a court order or licence condition forbade contact",
    "case-paused": "the case was paused",
    "concern-case": "a concern was open that stopped the whole case",
    "concern-item": "a concern about it was open",
    "person-paused": "one of the two had paused",
    "key-not-confirmed": "the keys of who was to receive it were not confirmed",
    "key-changed": "who was to receive it had enrolled anew",
    "replaced": "there was a newer version",
    "second-approval-missing": "an approval was missing",
    "approval-lapsed": "an approval no longer counted",
    "not-agreed": "its author’s agreement to the hidden parts did not count",
}
"""What keeps a plan from being carried out at its time (`exchange.scheduled`)."""
_SOMETHING: Final = "what was sealed and signed for it could not be used any more"


def why_not(blocks: tuple[str, ...]) -> str:
    """Return in words what a plan came to nothing for."""
    return "; ".join(dict.fromkeys(_WHY.get(code, _SOMETHING) for code in blocks)) or _SOMETHING


def in_the_way(
    item: ItemOnDesk, recipient: Recipient, *, taken_back: bool, confirmed: bool
) -> tuple[str, ...]:
    """Return everything in the way of one recipient, in a facilitator's words. Empty if it may pass.

    `confirmed`: a facilitator who works here has confirmed the recipient's keys. The cooling-off time is left
    out: it can be planned for after that. What is planned already is signed by who approved it: that the
    reader did not is nothing in its way.
    """
    if taken_back:
        return ("Its author has taken it back. Nothing more of it is passed on.",)
    found = list(recipient.blocks)
    if item.clean and item.clean.edited_by and not item.agreed_at:
        found.append(f"{item.author_name}’s agreement to the hidden parts does not count at the moment.")
    if not confirmed:
        found.append(
            f"{recipient.name}’s keys are not confirmed. Confirm them on the page of the case first:"
            " until then nothing can be sealed to them."
        )
    if item.approvals < item.approvals_needed:
        found.append(f"It has {item.approvals} of the {item.approvals_needed} approvals that it needs.")
    elif not item.approved_by_me and not recipient.due_at:
        found.append(
            "Only somebody who approved it can pass it on. Read it and approve it first, or ask who did."
        )
    return tuple(found)

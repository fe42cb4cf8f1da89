"""What keeps an item from being passed on or planned: what would be refused, said before it is pressed.

Planning is refused for the same reasons as passing on now: both are decided, sealed and signed at once
(`exchange.preparing.prepare`).
"""

from relay.review.model import ItemOnDesk, Recipient


def in_the_way(
    item: ItemOnDesk, recipient: Recipient, *, taken_back: bool, confirmed: bool
) -> tuple[str, ...]:
    """Return everything in the way of one recipient, in a facilitator's words. Empty if it may pass.

    `confirmed`: a facilitator who works here has confirmed the recipient's keys. The cooling-off time is left
    out: it can be planned for after that.
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
    elif not item.approved_by_me:
        found.append(
            "Only somebody who approved it can pass it on. Read it and approve it first, or ask who did."
        )
    return tuple(found)

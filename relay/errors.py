"""Every error that Relay raises on purpose.

What a person reads (`public`) is apart from what the log gets (`code`): neither holds content, names or keys.

    RelayError
    ├── Refusal                 a person asked for something; `public` says what blocks and what to do
    │   ├── Invalid             400  the request's words are wrong (`fields` names each)
    │   ├── SignInNeeded        401  nobody is signed in, or the session ended
    │   ├── Forbidden           403  the person may not do this
    │   │   └── StepUpNeeded         not before they prove again who they are
    │   ├── Missing             404  no such thing, or not theirs: the same answer for both
    │   ├── Conflict            409  the thing has moved on, or another one is under way
    │   │   ├── IllegalMove          the exchange's table has no such edge
    │   │   ├── SavedElsewhere       a letter has another version by now
    │   │   └── Blocked              gates are closed; `blocks` lists each in words
    │   ├── Gone                410  it has expired
    │   ├── TooLarge            413  over a size or a quota
    │   ├── WrongKind           415  a media type that is not taken
    │   └── Busy                429/503  too many tries, or too much at once; `retry_after` in seconds
    ├── VaultRefused            something sealed could not be opened (never says why)
    ├── BlobMissing             the store has no such object
    ├── KeyringRefused          the keyring is missing, readable by others, or damaged
    ├── SettingsRefused         a setting is wrong; says which and what to write instead
    ├── AuditBroken             the chain does not verify; says where
    └── Unavailable             a part of the house cannot start or be reached
"""


class RelayError(Exception):
    """The root. `public` may be shown to a person; `code` is for logs and problem documents."""

    code = "error"
    public = "Something went wrong on our side. Nothing was lost. Please try again."

    def __init__(self, public: str | None = None, /) -> None:
        """`public` replaces the class's own sentence; it must hold no content, name or key."""
        self.public = public if public is not None else type(self).public
        super().__init__(self.public)


class Refusal(RelayError):
    """A person asked for something that cannot be done; the answer says what to do instead."""

    code = "refused"
    status = 400


class Invalid(Refusal):
    """The request's own words are wrong. `fields` maps each wrong field to what to write instead."""

    code = "invalid"
    status = 400
    public = "Please check what you entered."

    def __init__(self, public: str | None = None, /, **fields: str) -> None:
        """Keyword arguments name the fields that are wrong, each with a sentence."""
        super().__init__(public if public is not None else " ".join(fields.values()) or None)
        self.fields = fields


class SignInNeeded(Refusal):
    """Nobody is signed in, or the session has ended."""

    code = "sign-in-needed"
    status = 401
    public = "Please sign in. If you were signed in before, your session has ended; what you saved is kept."


class Forbidden(Refusal):
    """The person is known and may not do this."""

    code = "forbidden"
    status = 403
    public = "This is for somebody else to do. If it should be you, ask who gives out the accounts here."


class StepUpNeeded(Forbidden):
    """The person may do this once they have entered their passphrase again."""

    code = "step-up-needed"
    public = "Please enter your passphrase again before you do this."


class Missing(Refusal):
    """No such thing, or it is not theirs: one answer, so that nothing is learned by asking."""

    code = "missing"
    status = 404
    public = "There is nothing here. It may have been removed, or it may never have been yours."


class Conflict(Refusal):
    """The thing has moved on since it was looked at."""

    code = "conflict"
    status = 409
    public = "This has changed since you opened it. Please look again."


class IllegalMove(Conflict):
    """The exchange's transition table has no such edge."""

    code = "illegal-move"


class SavedElsewhere(Conflict):
    """A letter was saved from another page since the one that this comes from was made."""

    code = "saved-elsewhere"
    public = (
        "This letter was saved in another window after this page was loaded, and that version is kept. What"
        " you wrote here is still here: copy it, and load the page again to see the other one. Or press Save"
        " once more to keep only what is here."
    )


class Blocked(Conflict):
    """Gates of the case are closed. `blocks` lists each in words that a person can act on."""

    code = "blocked"

    def __init__(self, blocks: tuple[str, ...], public: str | None = None, /) -> None:
        """`blocks` holds at least one sentence."""
        super().__init__(public if public is not None else " ".join(blocks))
        self.blocks = blocks


class Gone(Refusal):
    """It has expired or was used up."""

    code = "gone"
    status = 410
    public = "This has expired. Please ask for a new one."


class TooLarge(Refusal):
    """Over a size limit or a quota."""

    code = "too-large"
    status = 413
    public = "This is larger than what can be taken. Send less of it, or in several parts."


class WrongKind(Refusal):
    """A media type that is not taken."""

    code = "wrong-kind"
    status = 415
    public = "This kind of file cannot be taken. Send a letter, a recording, a film, a PDF or photographs."


class Busy(Refusal):
    """Too many tries, or too much at once. `retry_after` is in seconds."""

    code = "busy"
    status = 429

    def __init__(self, public: str, /, *, retry_after: int, status: int = 429) -> None:
        """`status` is 429 for a person's own tries, 503 when the whole house is full."""
        super().__init__(public)
        self.retry_after = retry_after
        self.status = status


class VaultRefused(RelayError):
    """Something sealed could not be opened. It never says why: a reason would be an oracle."""

    code = "vault-refused"
    public = "This could not be opened, and trying again will not help. Please tell the service."


class BlobMissing(RelayError):
    """The blob store has no object of that name."""

    code = "blob-missing"
    public = "A stored file is missing. Please tell the service; nothing you did caused this."


class KeyringRefused(RelayError):
    """The keyring is missing, readable by others, or damaged."""

    code = "keyring-refused"


class SettingsRefused(RelayError):
    """A setting is wrong. The text says which and what to write instead."""

    code = "settings-refused"


class AuditBroken(RelayError):
    """An audit chain does not verify. The text says where it breaks."""

    code = "audit-broken"


class Unavailable(RelayError):
    """A part of the house cannot start or be reached. The text says which and what to do."""

    code = "unavailable"
    public = "A part of the service cannot be reached at the moment. Nothing was lost. Please try again soon."

"""What a page's form sent."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from typing import TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from relay import times
from relay.errors import Invalid

_MOST_FIELDS = 3_000
_WRITTEN = frozenset(
    {
        *(
            "text",
            "words",
            "guidance",
            "note",
            "reasoning",
            "known",
            "description",
            "exception_evidence",
            "call",
        ),
        *("what", "why", "whom", "ground"),
        *("name", "label", "reference"),
    }
)
"""Fields for words of one's own. A passphrase is none, and what a page put into its form itself is none."""
_Choice = TypeVar("_Choice", bound=str)


class Form:
    """The fields of one form. Every answer is untrusted until one of these methods has checked it."""

    def __init__(self, fields: list[tuple[str, str]], zone: tzinfo = UTC) -> None:
        """`zone` is the one in which dates and times were typed."""
        self._fields = fields
        self._zone = zone

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def text(self, name: str) -> str:
        """Return the text as written, with the line ends of forms (CR LF) made plain; empty if missing."""
        return next((value for key, value in self._fields if key == name), "").replace("\r\n", "\n")

    def several(self, name: str) -> list[str]:
        """Return each value of a group of check boxes."""
        return [value for key, value in self._fields if key == name]

    def ticked(self, name: str) -> bool:
        """Tell whether a check box was ticked, or a button named so was pressed with "yes"."""
        return self.text(name) in {"on", "yes", "true"}

    def choice(self, name: str, *among: _Choice) -> _Choice:
        """Return the option that was chosen, or raise `Invalid`."""
        found = self.text(name)
        for option in among:
            if option == found:
                return option
        raise Invalid(**{name: f"Choose one of: {', '.join(among)}."})

    def identifier(self, name: str) -> UUID:
        """Return an identifier, or raise `Invalid`."""
        try:
            return UUID(self.text(name))
        except ValueError:
            raise Invalid(**{name: "Choose one from the list."}) from None

    def number(self, name: str) -> int:
        """Return a whole number, or raise `Invalid`."""
        try:
            return msgspec.convert(self.text(name).strip(), int, strict=False)
        except msgspec.ValidationError:
            raise Invalid(**{name: "Write a whole number."}) from None

    def day(self, name: str) -> datetime:
        """Return the end of a day (its last second) that was given as 2027-01-31, or raise `Invalid`."""
        try:
            return times.end_of_day(date.fromisoformat(self.text(name).strip()), self._zone)
        except (ValueError, OverflowError):
            raise Invalid(**{name: "Give a date as year-month-day, such as 2027-01-31."}) from None

    def moment(self, name: str) -> datetime:
        """Return a moment that was given as 2027-01-31T12:30 (or with an offset), or raise `Invalid`."""
        try:
            typed = datetime.fromisoformat(self.text(name).strip())
        except ValueError:
            raise Invalid(**{name: "Choose a date and a time."}) from None
        try:
            return times.meant(typed, self._zone)
        except OverflowError:
            raise Invalid(**{name: "Choose a date and a time."}) from None
        except ValueError as error:
            raise Invalid(**{name: str(error)}) from None


def texts(form: Form) -> tuple[str, ...]:
    """Return what somebody wrote, so that a page which cannot show its form again can show that."""
    return tuple(value.replace("\r\n", "\n") for name, value in form if name in _WRITTEN and value.strip())


def parse_form(body: bytes, zone: tzinfo = UTC) -> Form:
    """Parse `application/x-www-form-urlencoded`. Raise `Invalid` for what is none."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise Invalid("This form could not be read. Please go back and try again.") from None
    return Form(pairs, zone)

"""The page of a case's chain speaks in words."""

import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import relay
from relay.audit.tags import Tag
from relay.exchange import failures
from relay.web.desk.deeds import _DEEDS, deed, identifiers, particulars

UNUSABLE = "what was sealed and signed for it could not be used any more"
IDENTIFIER = "7713951e-c1fe-4849-a2d7-3228af04cc2c"


def test_every_tag_has_words_of_its_own() -> None:
    assert set(_DEEDS) == set(Tag)
    assert len(set(_DEEDS.values())) == len(_DEEDS)
    for tag in Tag:
        assert deed(tag) != tag


def test_every_tag_is_written_by_something() -> None:
    root = Path(relay.__file__).parents[1]
    sources = [path for part in ("relay", "workers") for path in (root / part).rglob("*.py")]
    written = {
        name
        for path in sources
        if (path.parent.name, path.name) != ("desk", "deeds.py")
        for name in re.findall(r"\bTag\.([A-Z_]+)", path.read_text())
    }
    assert {tag.name for tag in Tag} - written == set()


def test_a_tag_that_a_newer_version_wrote_reads_as_itself() -> None:
    assert deed("moon.landed") == "moon.landed"


@pytest.mark.parametrize(
    ("fact", "reads"),
    [
        ({"given": True}, [("Given", "yes")]),
        ({"until": None, "reasons": "", "given": False}, [("Given", "no")]),
        ({"approvals_needed": 2}, [("Approvals needed", "2")]),
        ({"medium": "audio"}, [("Medium", "Audio recording")]),
        ({"item": IDENTIFIER, "number": 2}, [("Number", "2")]),
        ({"until": "2027-05-21T18:20:50+00:00"}, [("Until", "21 May 2027, 19:20 BST")]),
        ({"until": "2027-01-21T18:20:50.123456+00:00"}, [("Until", "21 January 2027, 18:20 GMT")]),
        ({"asked": True}, [("Asked for", "yes")]),
        ({"role": "clean"}, [("What of it", "the safe copy")]),
        ({"role": "facilitator"}, [("Role", "Facilitator")]),
        ({"failure": "empty"}, [("Why not", failures.sentence("empty"))]),
        ({"reasons": "unreadable other_people"}, [("Reasons", "Unreadable, Other people")]),
        ({"blocks": "case-paused gone"}, [("Why not", f"the case was paused; {UNUSABLE}")]),
        ({}, []),
    ],
)
def test_facts_read_as_names_and_values(fact: dict[str, object], reads: list[tuple[str, str]]) -> None:
    assert particulars(json.dumps(fact), ZoneInfo("Europe/London")) == reads


def test_identifiers_stand_apart_in_full_and_who_has_a_name_is_not_among_them() -> None:
    somebody = "123e4567-e89b-42d3-a456-426614174000"
    detail = json.dumps({"rendition": IDENTIFIER, "recipient": somebody, "number": 2, "release": None})
    assert identifiers(detail, {somebody: "Vera"}) == [("Rendition", IDENTIFIER)]
    assert particulars(detail, people={somebody: "Vera"}) == [("Recipient", "Vera"), ("Number", "2")]
    assert identifiers("", {}) == []

"""The second layer does not stand in the way of the work, and is left out where it cannot be had."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import media
from tests.support.media import Whole
from workers.media.clean import clean
from workers.media.model import Kind, MediaRefused, Reason, Role
from workers.sandbox.bubble import Bubbled, strongest
from workers.sandbox.protocol import Caps
from workers.sandbox.runner import Child, SandboxUnavailable, Task, Walled

MAKE: dict[Kind, Callable[[Path], Path]] = {
    Kind.AUDIO: media.speech,
    Kind.VIDEO: media.film,
    Kind.DOCUMENT: media.document,
}


@pytest.fixture
def standing(bubble: str | Bubbled) -> Bubbled:
    if isinstance(bubble, str):
        pytest.skip(bubble)
    return bubble


@pytest.mark.parametrize("kind", MAKE)
def test_everything_is_made_safe_behind_both_layers(kind: Kind, standing: Bubbled, tmp_path: Path) -> None:
    original = MAKE[kind](tmp_path).read_bytes()
    with clean(kind, Whole(original), sandbox=standing) as made:
        assert Role.CLEAN in made.files
    with pytest.raises(MediaRefused) as refused:
        clean(kind, Whole(original[: len(original) // 2]), sandbox=standing)
    assert refused.value.reason is Reason.DAMAGED


def test_it_is_taken_where_it_stands(standing: Bubbled) -> None:
    assert isinstance(standing, Bubbled)
    assert isinstance(strongest(), Bubbled)


def test_a_machine_without_it_works_behind_the_first_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable):
        Bubbled()
    assert type(strongest()) is Walled


def test_where_it_is_forbidden_the_first_layer_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in most containers: the program is there, and the kernel does not let it."""
    forbidden = tmp_path / "bwrap"
    forbidden.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2; exit 1\n")
    forbidden.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(SandboxUnavailable):
        Bubbled().start(Task(Child("nothing"), (), (), Caps(5, 1 << 30, 0)))
    assert type(strongest()) is Walled


def test_a_signal_is_read_as_one(standing: Bubbled) -> None:
    assert standing.code(128 + 25) == -25
    assert standing.code(0) == 0
    assert standing.code(1) == 1

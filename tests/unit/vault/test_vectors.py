import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from tests.vectors import kit
from tests.vectors.generate import generate
from tests.vectors.independent_reader import (
    Refused,
    check_release,
    read_note,
    read_object,
    read_record,
    read_seal,
)

VECTORS = kit.read_manifest()
SEALS = [vector for vector in VECTORS if isinstance(vector, kit.SealVector)]
RELEASES = [vector for vector in VECTORS if isinstance(vector, kit.ReleaseVector)]
RECORDS = [vector for vector in VECTORS if isinstance(vector, kit.RecordVector)]
NOTES = [vector for vector in VECTORS if isinstance(vector, kit.NoteVector)]
OBJECTS = [vector for vector in VECTORS if isinstance(vector, kit.ObjectVector)]


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.bin")}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.file)
def test_each_file_opens_or_is_refused_as_the_manifest_says(vector: kit.AnyVector) -> None:
    assert vector.holds((kit.FOLDER / vector.file).read_bytes())


def test_the_manifest_lists_every_file_and_the_kit_is_large_in_number_not_in_size() -> None:
    files = _files(kit.FOLDER)
    assert {vector.file for vector in VECTORS} == set(files)
    assert len(files) >= 120
    assert sum(map(len, files.values())) < 6_000_000


def test_each_kind_has_good_and_refused_files() -> None:
    kinds = Counter((type(vector), vector.sha256 is None) for vector in VECTORS)
    assert {kind for kind, _ in kinds} == {type(vector) for vector in VECTORS}
    assert all(kinds[kind, refused] >= 1 for kind, _ in list(kinds) for refused in (False, True))


def test_the_generator_makes_the_same_kit_again(tmp_path: Path) -> None:
    shutil.copytree(
        kit.FOLDER, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    generate(tmp_path)
    assert _files(tmp_path) == _files(kit.FOLDER)
    assert (tmp_path / "manifest.json").read_bytes() == (kit.FOLDER / "manifest.json").read_bytes()


@pytest.mark.parametrize("vector", OBJECTS, ids=lambda vector: vector.file)
def test_a_reader_written_from_the_document_alone_agrees_on_objects(vector: kit.ObjectVector) -> None:
    try:
        plain = read_object(
            (kit.FOLDER / vector.file).read_bytes(),
            vector.data_key,
            vector.service.bytes,
            vector.object_id.bytes,
            vector.commitment,
        )
    except Refused:
        assert vector.sha256 is None
    else:
        assert hashlib.sha256(plain).hexdigest() == vector.sha256


@pytest.mark.parametrize("vector", RELEASES, ids=lambda vector: vector.file)
def test_a_reader_written_from_the_document_alone_agrees_on_releases(vector: kit.ReleaseVector) -> None:
    keys = {str(who): encoded for who, encoded in vector.verifiers.items()}
    record = json.loads(msgspec.json.encode(vector.record))
    try:
        check_release((kit.FOLDER / vector.file).read_bytes(), record, keys)
    except Refused:
        assert vector.sha256 is None
    else:
        assert vector.sha256 is not None


@pytest.mark.parametrize("vector", RECORDS, ids=lambda vector: vector.file)
def test_a_reader_written_from_the_document_alone_agrees_on_records(vector: kit.RecordVector) -> None:
    keys = {str(who): encoded for who, encoded in vector.verifiers.items()}
    try:
        record = read_record((kit.FOLDER / vector.file).read_bytes())
        check_release(msgspec.json.encode(vector.signatures), record, keys)
    except Refused:
        assert vector.sha256 is None
    else:
        assert vector.sha256 is not None


@pytest.mark.parametrize("vector", NOTES, ids=lambda vector: vector.file)
def test_a_reader_written_from_the_document_alone_agrees_on_notes(vector: kit.NoteVector) -> None:
    try:
        words = read_note((kit.FOLDER / vector.file).read_bytes(), vector.digest)
    except Refused:
        assert vector.sha256 is None
    else:
        assert hashlib.sha256(words.encode()).hexdigest() == vector.sha256


@pytest.mark.parametrize("vector", SEALS, ids=lambda vector: vector.file)
def test_a_reader_written_from_the_document_alone_agrees_on_seals(vector: kit.SealVector) -> None:
    try:
        plain = read_seal((kit.FOLDER / vector.file).read_bytes(), vector.seeds, vector.info)
    except Refused:
        assert vector.sha256 is None
    else:
        assert hashlib.sha256(plain).hexdigest() == vector.sha256


def test_that_reader_shares_no_code_with_relay() -> None:
    path = kit.FOLDER / "independent_reader.py"
    assert "relay" not in [
        line.split()[1].split(".")[0] for line in path.read_text().splitlines() if "import" in line
    ]
    vector = next(vector for vector in OBJECTS if vector.sha256)
    inputs = [vector.data_key.hex(), str(vector.service), str(vector.object_id)]
    command = [sys.executable, "-I", str(path), str(kit.FOLDER / vector.file), *inputs]
    opened = subprocess.run(command, check=True, capture_output=True).stdout
    assert hashlib.sha256(opened).hexdigest() == vector.sha256

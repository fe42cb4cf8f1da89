from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import VaultRefused
from relay.vault.columns import ColumnCipher, lookup
from relay.vault.keyring import FileKeyring

ROW = UUID(int=3)
KEYRING = FileKeyring(bytes(32))
CIPHER = ColumnCipher(KEYRING)


@given(st.text())
def test_a_text_comes_back(text: str) -> None:
    assert CIPHER.open("people", "name", ROW, CIPHER.seal("people", "name", ROW, text)) == text


def test_a_text_moved_to_another_table_column_row_or_service_is_refused() -> None:
    sealed = CIPHER.seal("people", "name", ROW, "Ania")
    other_service = ColumnCipher(FileKeyring(b"\1" * 32))
    for cipher, table, column, row in [
        (CIPHER, "cases", "name", ROW),
        (CIPHER, "people", "note", ROW),
        (CIPHER, "peoplen", "ame", ROW),
        (CIPHER, "people", "name", uuid4()),
        (other_service, "people", "name", ROW),
    ]:
        with pytest.raises(VaultRefused):
            cipher.open(table, column, row, sealed)


def test_short_texts_have_one_size_and_never_the_same_bytes() -> None:
    sealed = [CIPHER.seal("people", "name", ROW, text) for text in ("", "Jo", "Jo", "n" * 60)]
    assert len(set(map(len, sealed))) == 1
    assert len(set(sealed)) == 4


def test_a_name_is_found_however_it_was_typed() -> None:
    typed = ["Zoë", "ZOË", "zoe\u0308", " Zoë ", "Ｚｏë", "Z oë", "Zo \u00a0ë"]
    assert len({lookup(KEYRING, "sign-in name", text) for text in typed}) == 1
    assert lookup(KEYRING, "sign-in name", "straße") == lookup(KEYRING, "sign-in name", "STRASSE")


def test_a_lookup_depends_on_name_purpose_and_keyring(tmp_path: Path) -> None:
    found = {
        lookup(KEYRING, "sign-in name", "zoe"),
        lookup(KEYRING, "sign-in name", "zoé"),
        lookup(KEYRING, "invitation", "zoe"),
        lookup(FileKeyring.create(tmp_path / "keyring"), "sign-in name", "zoe"),
    }
    assert len(found) == 4
    assert all(len(each) == 32 for each in found)

import math
import unicodedata
from uuid import UUID

import pytest

from relay.errors import Invalid, VaultRefused
from relay.identity import passphrases
from relay.identity.stretching import open_bundle, seal_bundle
from relay.vault.keyring import FileKeyring
from relay.vault.suite import KeyPair, Signer


def refused(passphrase: str, *own_words: str) -> str:
    with pytest.raises(Invalid) as caught:
        passphrases.checked(passphrase, own_words=own_words)
    return caught.value.fields["passphrase"]


def test_six_random_words_are_offered_and_accepted() -> None:
    offers = {passphrases.offered() for _ in range(50)}
    assert len(offers) == 50
    for offer in offers:
        assert len(offer.split()) == 6
        assert passphrases.checked(offer, own_words=["Vera", "Test service"]) == offer


def test_six_words_of_the_list_have_seventy_six_bits() -> None:
    words = passphrases.word_list()
    assert 6500 < len(words) == len(set(words))
    assert passphrases.WORDS * math.log2(len(words)) >= 76


def test_no_word_is_offered_that_nobody_should_be_handed_who_was_harmed() -> None:
    unfit = """
        ambush arrest arson ashamed battered captive carnage casket childless chokehold disgrace drown
        fracture gore handcuff handgun hangover hate hatred helpless husband idiocy impale junkie kissing
        morphine mutilator police prison pummel punch rabid rage ravage revenge savage scorn skeleton skinhead
        stalk strangle strike suffocate tumor underage unloved unsafe unwanted unworthy victim violator widow
        worthless wound wrath
    """
    assert not set(passphrases.word_list()) & set(unfit.split())


@pytest.mark.parametrize(
    "passphrase",
    [
        "kwiaty rosną pod starym mostem",
        "میں ہر صبح دریا کے پاس چلتا ہوں",
        "the heron never answers on Tuesdays",
        "x7Qd!u2Lr0Zp9#e",
    ],
)
def test_own_sentences_in_any_language_are_accepted(passphrase: str) -> None:
    assert passphrases.checked(passphrase) == passphrase


@pytest.mark.parametrize(
    "passphrase",
    [
        "password password",
        "passwordpassword1",
        "aaaaaaaaaaaaaaaaaa",
        "123456789012345",
        "qwertyuiopasdfgh",
        "iloveyouforever1",
        "letmeinletmeinletmein",
        "abcdefghijklmnopqrstuvwxyz",
    ],
)
def test_what_is_easily_guessed_is_refused_with_what_to_do(passphrase: str) -> None:
    assert "easy to guess" in refused(passphrase)


def test_fourteen_characters_are_too_few_and_fifteen_enough() -> None:
    assert "at least 15" in refused("zebra lamp oak")
    assert passphrases.checked("zebra lamp oaks")


def test_more_than_two_hundred_characters_are_too_many() -> None:
    assert "at most 200" in refused("heron " * 34)


def test_ones_own_name_again_and_again_is_refused() -> None:
    assert "name that others know" in refused("vera nowak vera nowak", "Vera Nowak")
    assert "name that others know" in refused("Test service 2026", "Test service")


@pytest.mark.parametrize("character", ["\0", "\x7f", "\u0378", "\ud800"])
def test_invisible_characters_are_refused(character: str) -> None:
    assert "invisible" in refused(f"seven quiet{character}lanterns")


def test_white_space_at_the_ends_or_doubled_within_counts_for_nothing() -> None:
    for typed in (" seven quiet lanterns\n", "seven  quiet\u00a0lanterns ", "seven\t quiet\r\nlanterns"):
        assert passphrases.checked(typed) == "seven quiet lanterns"
    assert "at least 15" in refused("zebra   lamp   oak")


def test_an_older_form_is_tried_only_for_what_was_typed_with_such_white_space() -> None:
    assert passphrases.ways_to_open("seven quiet lanterns") == ("seven quiet lanterns",)
    assert passphrases.ways_to_open("sześć") == passphrases.ways_to_open(
        unicodedata.normalize("NFD", "sześć")
    )
    assert passphrases.ways_to_open(" seven  quiet") == ("seven quiet", " seven  quiet")


def test_keys_that_were_sealed_with_such_white_space_still_open() -> None:
    keyring, keys, signer = FileKeyring(bytes(32)), KeyPair.generate(), Signer.generate()
    own = (UUID(int=1), UUID(int=2), 1)
    before = seal_bundle(keyring, keys, signer, " seven  quiet lanterns", *own)
    assert open_bundle(keyring, before, " seven  quiet lanterns", *own).signing_seed == signer.seed
    with pytest.raises(VaultRefused):
        open_bundle(keyring, before, "seven quiet lanterns", *own)


def test_length_is_counted_in_composed_characters() -> None:
    decomposed = unicodedata.normalize("NFD", "żółć żółć żółć")
    assert len(decomposed) > 15
    assert "at least 15" in refused(decomposed)

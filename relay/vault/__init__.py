"""The vault: pure cryptography on bytes. It knows no database, no network and no other part of Relay.

    suite        the one suite: contexts, key pairs, signing keys, data keys
    aead         the only module that constructs an AEAD
    seal         bytes sealed to one public key (HPKE)
    grants       data keys and case keys sealed to a holder; grants that wait for their time
    segments     the layout of an object, and the keys of its parts
    stream       objects written, uploaded and read
    padding      sizes that say little
    passphrase   secrets under a passphrase and a pepper
    keyring      the service's own secret, which PostgreSQL never sees
    columns      text in rows, sealed; names looked up by keyed hash
    split        sessions of two halves
    statements   what people sign
    release      the record that a release is
    notes        words that go with a release

Every byte is specified in `docs/vault-format.md`. Whatever cannot be opened raises the one `VaultRefused`.
"""

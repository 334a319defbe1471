"""Key files: what was written is read back, under its passphrase only."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ledger.keyfile import (
    KeyFileMalformed,
    KeyKind,
    PassphraseMissing,
    PassphraseNotNeeded,
    PassphraseShort,
    PassphraseWrong,
    PrivateKey,
    dump_key,
    load_key,
)
from ledger.keys import verify

KINDS: tuple[KeyKind, ...] = ("Ed25519", "P-256", "X25519")
SECRET = bytes(range(1, 33))
PASSPHRASE = "八个字符以上的口令"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_key_is_read_back(kind: KeyKind, passphrase: str | None) -> None:
    key = PrivateKey(kind, SECRET)
    data = dump_key(key, passphrase)
    assert load_key(data, passphrase) == key
    assert (b"ENCRYPTED" in data) == (passphrase is not None)
    assert "1" not in repr(key).removeprefix(f"PrivateKey({kind}")


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_a_signing_key_signs(kind: KeyKind) -> None:
    signer = load_key(dump_key(PrivateKey(kind, SECRET), PASSPHRASE), PASSPHRASE).signer()
    verify(signer.public, b"message", signer.sign(b"message"))
    with pytest.raises(KeyFileMalformed):
        PrivateKey(kind, SECRET).encryption_key()


def test_an_encryption_key_does_not_sign() -> None:
    key = PrivateKey("X25519", SECRET)
    assert len(key.encryption_key().raw) == 32
    with pytest.raises(KeyFileMalformed):
        key.signer()


def test_wrong_missing_short_and_needless_passphrases_are_told_apart() -> None:
    key = PrivateKey("Ed25519", SECRET)
    locked, plain = dump_key(key, PASSPHRASE), dump_key(key, None)
    with pytest.raises(PassphraseWrong):
        load_key(locked, PASSPHRASE + "x")
    with pytest.raises(PassphraseMissing):
        load_key(locked, None)
    with pytest.raises(PassphraseNotNeeded):
        load_key(plain, PASSPHRASE)
    with pytest.raises(PassphraseShort):
        dump_key(key, "short")


def test_other_files_are_malformed() -> None:
    rsa = generate_rsa(65_537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    p384 = generate_private_key(SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for data in (
        b"",
        b"no key",
        rsa,
        p384,
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"x" * 20_000,
    ):
        with pytest.raises(KeyFileMalformed):
            load_key(data, None)
    with pytest.raises(KeyFileMalformed):
        PrivateKey("Ed25519", b"short")
    with pytest.raises(KeyFileMalformed):
        dump_key(PrivateKey("P-256", bytes(32)), None)

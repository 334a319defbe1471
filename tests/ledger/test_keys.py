"""Public keys, thumbprints, signatures."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from ledger import keys as k
from ledger.encoding import Base64Malformed, base64url, encode_cbor
from ledger.errors import SignatureError
from tests.ledger.keyring import ED, ED2, P256

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIME = 2**255 - 19
SMALL_ORDER = [
    (0).to_bytes(32, "little"),
    (1).to_bytes(32, "little"),
    (PRIME - 1).to_bytes(32, "little"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
]
NOT_CANONICAL = [(PRIME + low).to_bytes(32, "little") for low in (0, 1, 3, 4)]


@given(st.binary(max_size=200))
def test_signing_and_verifying(message: bytes) -> None:
    for signer in (ED, P256):
        signature = signer.sign(message)
        k.verify(signer.public, message, signature)
        for position in (0, 31, 32, 63):
            wrong = bytearray(signature)
            wrong[position] ^= 1
            with pytest.raises(SignatureError):
                k.verify(signer.public, message, bytes(wrong))
        with pytest.raises(k.BadSignature):
            k.verify(signer.public, message + b"x", signature)


def test_another_key_does_not_verify() -> None:
    with pytest.raises(k.BadSignature):
        k.verify(ED2.public, b"m", ED.sign(b"m"))
    with pytest.raises(k.SignatureLength):
        k.verify(ED.public, b"m", ED.sign(b"m") + b"\x00")


def test_rfc_8032_vector_2() -> None:
    signer = k.Ed25519Signer(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    assert signer.public.raw.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert signer.sign(b"\x72").hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")


def test_rfc_6979_vector_has_its_r_and_the_lower_s() -> None:
    private = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    signature = k.P256Signer(ec.derive_private_key(private, ec.SECP256R1())).sign(b"sample")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    assert r == 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    assert s == ORDER - 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8


def test_the_twin_of_an_ecdsa_signature_is_refused() -> None:
    signature = P256.sign(b"m")
    twin = (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
    with pytest.raises(k.HighS):
        k.verify(P256.public, b"m", signature[:32] + twin)


@pytest.mark.parametrize("raw", SMALL_ORDER + NOT_CANONICAL)
def test_unsafe_ed25519_keys_are_refused(raw: bytes) -> None:
    with pytest.raises(k.UnsafeKey):
        k.PublicKey(k.EDDSA, raw)


@pytest.mark.parametrize("raw", [b"\x00" * 32, b"\x01" + bytes(31), *NOT_CANONICAL, b"\xff" * 32])
def test_unsafe_x25519_keys_are_refused(raw: bytes) -> None:
    with pytest.raises(k.UnsafeKey):
        k.EncryptionKey(raw)


@pytest.mark.parametrize("raw", [bytes(64), b"\x01" * 64, b"\xff" * 64])
def test_points_off_p256_are_refused(raw: bytes) -> None:
    with pytest.raises(k.UnsafeKey):
        k.PublicKey(k.ES256, raw)


def test_lengths_and_algorithms() -> None:
    for alg, raw in ((k.EDDSA, b"1"), (k.ES256, b"1")):
        with pytest.raises(k.KeyShape):
            k.PublicKey(alg, raw)
    with pytest.raises(k.UnknownAlgorithm):
        k.PublicKey(-257, bytes(32))
    with pytest.raises(k.KeyShape):
        k.EncryptionKey(b"1")
    with pytest.raises(k.KeyShape):
        k.Ed25519Signer(b"1")
    with pytest.raises(k.KeyShape):
        k.P256Signer(ec.derive_private_key(5, ec.SECP384R1()))


@given(st.binary(min_size=32, max_size=32))
def test_keys_go_round_in_both_forms(seed: bytes) -> None:
    for key in (k.Ed25519Signer(seed).public, P256.public):
        assert k.PublicKey.from_cose(key.to_cose()) == key
        assert k.PublicKey.from_json(key.to_json()) == key
        assert key.thumbprint == sha256(key.to_cose()).digest()


def test_the_thumbprint_is_rfc_9679() -> None:
    # The example of RFC 9679 section 6.
    x = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
    y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    expected = "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
    assert k.PublicKey(k.ES256, x + y).thumbprint.hex() == expected


def test_encryption_keys() -> None:
    key = k.EncryptionKey(bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))
    assert k.EncryptionKey.from_json(key.to_json()) == key
    assert key.thumbprint == sha256(key.to_cose()).digest()
    with pytest.raises(k.KeyShape):
        k.PublicKey.from_json(key.to_json())
    with pytest.raises(k.KeyShape):
        k.EncryptionKey.from_json(ED.public.to_json())


def test_key_objects_have_exactly_their_members() -> None:
    good = ED.public.to_json()
    for wrong in (
        {**good, "use": "sig"},
        {"kty": "OKP", "crv": "Ed25519"},
        {**good, "x": 1},
        {**good, "crv": "Ed448"},
        {},
    ):
        with pytest.raises(k.KeyShape):
            k.PublicKey.from_json(wrong)
    with pytest.raises(Base64Malformed):
        k.PublicKey.from_json({**good, "x": base64url(b"short")})


def test_cose_keys_have_exactly_their_members() -> None:
    x = ED.public.raw
    for members in (
        {1: 1, -1: 6, -2: x, 3: -8},
        {1: 1, -1: 4, -2: x},
        {1: 2, -1: 1, -2: x},
        {1: 2, -1: 1, -2: x[:31], -3: x + b"1"},
        {1: 2, -1: 1, -2: x, -3: True},
        {},
    ):
        with pytest.raises(k.KeyShape):
            k.PublicKey.from_cose(encode_cbor(members))  # type: ignore[arg-type]
    with pytest.raises(k.KeyShape):
        k.PublicKey.from_cose(encode_cbor([]))

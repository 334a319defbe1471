"""Sealed packages: they open whole, or not at all, whatever was done to them."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.gateway.sealing import (
    CHUNK_OVERHEAD,
    CHUNK_SIZE,
    HEADER_SIZE,
    KeyUnopened,
    PackageTooLarge,
    PackageUnopened,
    one_time_public,
    open_key,
    open_package,
    seal_key,
    seal_package,
)

KEY = bytes(range(32))
STEP = CHUNK_SIZE + CHUNK_OVERHEAD
THREE_CHUNKS = os.urandom(2 * CHUNK_SIZE + 1000)


@pytest.mark.parametrize("size", [1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 2 * CHUNK_SIZE, 3 * CHUNK_SIZE + 5])
def test_what_is_sealed_opens_to_the_same_bytes(size: int) -> None:
    plaintext = os.urandom(size)
    sealed = seal_package(plaintext, KEY)
    chunks = -(-size // CHUNK_SIZE)
    assert len(sealed) == HEADER_SIZE + size + chunks * CHUNK_OVERHEAD
    assert open_package(sealed, KEY) == plaintext
    assert seal_package(plaintext, KEY) != sealed


@pytest.mark.parametrize(
    "position",
    [
        pytest.param(0, id="first byte of the header"),
        pytest.param(HEADER_SIZE - 1, id="last byte of the header"),
        pytest.param(HEADER_SIZE, id="encrypted tag of the first chunk"),
        pytest.param(HEADER_SIZE + 1, id="first byte of content"),
        pytest.param(HEADER_SIZE + STEP - 1, id="authenticator of the first chunk"),
        pytest.param(HEADER_SIZE + STEP, id="encrypted tag of the second chunk"),
        pytest.param(HEADER_SIZE + STEP + 500, id="content of the second chunk"),
        pytest.param(HEADER_SIZE + 2 * STEP, id="encrypted tag of the last chunk"),
        pytest.param(HEADER_SIZE + 2 * STEP + 17, id="content of the last chunk"),
        pytest.param(-1, id="very last byte"),
    ],
)
@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_a_changed_byte_anywhere_keeps_it_shut(position: int, flip: int) -> None:
    sealed = bytearray(seal_package(THREE_CHUNKS, KEY))
    sealed[position] ^= flip
    with pytest.raises(PackageUnopened):
        open_package(bytes(sealed), KEY)


@given(st.integers(0, 10_000_000), st.integers(1, 255))
@settings(max_examples=60)
def test_no_changed_byte_is_missed(place: int, flip: int) -> None:
    sealed = bytearray(seal_package(b"x" * 3000, KEY))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(PackageUnopened):
        open_package(bytes(sealed), KEY)


@pytest.mark.parametrize(
    "length",
    [
        pytest.param(0, id="nothing"),
        pytest.param(HEADER_SIZE, id="header alone"),
        pytest.param(HEADER_SIZE + CHUNK_OVERHEAD, id="header and an empty chunk"),
        pytest.param(HEADER_SIZE + STEP, id="first chunk alone"),
        pytest.param(HEADER_SIZE + 2 * STEP, id="without the last chunk"),
        pytest.param(HEADER_SIZE + 2 * STEP + 40, id="within the last chunk"),
        pytest.param(HEADER_SIZE + STEP + 40, id="within the second chunk"),
    ],
)
def test_a_cut_package_keeps_shut(length: int) -> None:
    with pytest.raises(PackageUnopened):
        open_package(seal_package(THREE_CHUNKS, KEY)[:length], KEY)


def test_chunks_in_another_order_left_out_or_doubled_keep_it_shut() -> None:
    sealed = seal_package(THREE_CHUNKS, KEY)
    header, first, second, last = (
        sealed[:HEADER_SIZE],
        sealed[HEADER_SIZE : HEADER_SIZE + STEP],
        sealed[HEADER_SIZE + STEP : HEADER_SIZE + 2 * STEP],
        sealed[HEADER_SIZE + 2 * STEP :],
    )
    assert header + first + second + last == sealed
    wrong = (
        [second, first, last], [first, last], [second, last], [last], [first, first, second, last],
        [first, second, last, last], [first, second, second, last], [first, second, last, b"\0"],
    )  # fmt: skip
    for chunks in wrong:
        with pytest.raises(PackageUnopened):
            open_package(header + b"".join(chunks), KEY)


def test_chunks_of_another_package_under_the_same_key_keep_it_shut() -> None:
    one, other = seal_package(THREE_CHUNKS, KEY), seal_package(THREE_CHUNKS, KEY)
    with pytest.raises(PackageUnopened):
        open_package(one[: HEADER_SIZE + STEP] + other[HEADER_SIZE + STEP :], KEY)


def test_another_key_keeps_it_shut() -> None:
    with pytest.raises(PackageUnopened):
        open_package(seal_package(b"content", KEY), bytes(32))
    with pytest.raises(PackageUnopened):
        open_package(seal_package(b"content", KEY), b"short")


def test_nothing_is_not_a_package() -> None:
    with pytest.raises(PackageTooLarge):
        seal_package(b"", KEY)


def test_a_sealed_key_opens_with_its_one_time_secret_only() -> None:
    secret, other = os.urandom(32), os.urandom(32)
    sealed = seal_key(KEY, one_time_public(secret))
    assert len(sealed) == 80
    assert open_key(sealed, secret) == KEY
    for wrong, with_secret in ((sealed, other), (sealed[:-1], secret), (b"", secret), (sealed + b"x", secret)):
        with pytest.raises(KeyUnopened):
            open_key(wrong, with_secret)

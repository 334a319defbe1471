"""The second reader's own CBOR, JSON, tree and tiles, written from docs/spec; no code of the ledger is in it."""

from __future__ import annotations

import json
import re
import struct
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256

import cbor2

MAX_SAFE_INTEGER = 2**53 - 1
TILE_WIDTH = 256
MAX_DEPTH = 16
SIGN1_TAG = 18
_KEY = re.compile(r"[A-Za-z0-9_]+")


class Broken(Exception):
    """Something is not as the specification has it."""


def require(holds: bool, what: str) -> None:
    """Raise `Broken` saying `what` is wrong unless it holds."""
    if not holds:
        raise Broken(what)


# Deterministic CBOR (RFC 8949 section 4.2.1)


def encode_cbor(value: object) -> bytes:
    """Write one item: lengths and integers in the shortest form, maps in bytewise order of their encoded keys."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode("utf-8")
        return _head(3, len(text)) + text
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(encode_cbor(item) for item in value)
    if isinstance(value, dict):
        pairs = sorted((encode_cbor(key), encode_cbor(item)) for key, item in value.items())
        return _head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    if isinstance(value, cbor2.CBORTag):
        return _head(6, value.tag) + encode_cbor(value.value)
    raise Broken(f"CBOR has no place for {type(value).__name__}")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for code, (limit, form) in enumerate(((2**8, ">B"), (2**16, ">H"), (2**32, ">I"), (2**64, ">Q")), 24):
        if number < limit:
            return bytes([major << 5 | code]) + struct.pack(form, number)
    raise Broken("integer over 64 bits")


def decode_cbor(data: bytes) -> object:
    """Read one deterministic item that fills `data`; arrays become lists and maps dicts."""
    try:
        value = _plain(cbor2.loads(data), MAX_DEPTH)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError) as error:
        raise Broken("malformed CBOR") from error
    require(encode_cbor(value) == data, "CBOR is not deterministic")
    return value


def _plain(value: object, depth: int) -> object:
    if isinstance(value, (list, tuple, dict, cbor2.frozendict, cbor2.CBORTag)):
        require(depth > 0, "CBOR is nested too deeply")
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth - 1) for item in value]
    if isinstance(value, (dict, cbor2.frozendict)):
        return {key: _plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, cbor2.CBORTag):
        require(value.tag == SIGN1_TAG, "a tag other than 18")
        return cbor2.CBORTag(SIGN1_TAG, _plain(value.value, depth - 1))
    return value


def as_list(value: object, length: int | None = None) -> list[object]:
    """Return `value` if it is an array, of `length` items when given."""
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise Broken("an array of the right length is wanted")
    return value


def as_map(value: object) -> dict[object, object]:
    """Return `value` if it is a map."""
    if not isinstance(value, dict):
        raise Broken("a map is wanted")
    return value


def as_bytes(value: object, length: int | None = None) -> bytes:
    """Return `value` if it is a byte string, of `length` bytes when given."""
    if not isinstance(value, bytes) or (length is not None and len(value) != length):
        raise Broken("a byte string of the right length is wanted")
    return value


def as_text(value: object) -> str:
    """Return `value` if it is text."""
    if not isinstance(value, str):
        raise Broken("text is wanted")
    return value


def as_int(value: object) -> int:
    """Return `value` if it is an integer from 0 to 2^53 - 1."""
    if type(value) is not int or not 0 <= value <= MAX_SAFE_INTEGER:
        raise Broken("an integer from 0 to 2^53 - 1 is wanted")
    return value


# Canonical JSON (RFC 8785) in the subset of the specification


def encode_json(value: object) -> bytes:
    """Write RFC 8785; keys are ASCII here, so plain sorting is its order."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def decode_json(data: bytes) -> dict[str, object]:
    """Read one canonical object that fills `data`."""
    try:
        value = json.loads(data.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse)
        _check_json(value, MAX_DEPTH)
        require(encode_json(value) == data, "JSON is not canonical, or names a key twice")
    except (ValueError, RecursionError) as error:
        raise Broken("malformed JSON") from error
    if not isinstance(value, dict):
        raise Broken("the payload is no object")
    return value


def _refuse(_: str) -> object:
    raise Broken("a number with a fraction")


def _check_json(value: object, depth: int) -> None:
    if isinstance(value, dict):
        require(depth > 0, "JSON is nested too deeply")
        for key, item in value.items():
            require(_KEY.fullmatch(key) is not None, "a JSON key of other characters")
            _check_json(item, depth - 1)
    elif isinstance(value, list):
        require(depth > 0, "JSON is nested too deeply")
        for item in value:
            _check_json(item, depth - 1)
    elif type(value) is int:
        require(abs(value) <= MAX_SAFE_INTEGER, "an integer over 2^53 - 1")
    else:
        require(isinstance(value, (str, bool)), "null or another type in JSON")


# Text forms of bytes


def base64url(data: bytes) -> str:
    """Write unpadded base64url."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Read unpadded base64url, one text for each value."""
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    require(base64url(data) == text, "base64url is not canonical")
    return data


def from_base64(text: str, length: int | None = None) -> bytes:
    """Read padded standard base64, one text for each value."""
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise Broken("malformed base64") from error
    require(b64encode(data).decode() == text and length in (None, len(data)), "base64 is not canonical or of that size")
    return data


def decimal(text: str) -> int:
    """Read a decimal number without leading zeroes."""
    require(re.fullmatch(r"0|[1-9][0-9]{0,18}", text) is not None, "malformed decimal")
    return int(text)


# The tree (RFC 9162 sections 2.1.1, 2.1.3.2 and 2.1.4.2)


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children."""
    return sha256(b"\x01" + left + right).digest()


def tree_root(leaves: Sequence[bytes], start: int = 0, end: int | None = None) -> bytes:
    """Compute the root by the definition: split at the largest power of two below n."""
    end = len(leaves) if end is None else end
    if end - start <= 1:
        return leaves[start] if end > start else sha256(b"").digest()
    half = 1 << (end - start - 1).bit_length() - 1
    return node_hash(tree_root(leaves, start, start + half), tree_root(leaves, start + half, end))


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check an inclusion path, the leaf's sibling first."""
    require(0 <= index < size, "index outside the tree")
    place, last, found = index, size - 1, leaf
    for step in path:
        require(last > 0, "the path is too long")
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    require(last == 0, "the path is too short")
    require(found == root, "the path leads to another root")


def check_consistency(size1: int, root1: bytes, size2: int, root2: bytes, path: Sequence[bytes]) -> None:
    """Check that the second tree extends the first, which is not empty."""
    require(0 < size1 <= size2, "sizes in the wrong order")
    if size1 == size2:
        require(not path and root1 == root2, "one size, two roots")
        return
    steps = list(path)
    if size1 & (size1 - 1) == 0:
        steps.insert(0, root1)
    require(bool(steps), "the path is empty")
    place, last = size1 - 1, size2 - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        require(last > 0, "the path is too long")
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    require(last == 0 and old == root1 and new == root2, "the path leads to other roots")


# Tiles and entry bundles (C2SP tlog-tiles)


def number_path(number: int, width: int = TILE_WIDTH) -> str:
    """Write a tile number in groups of three digits, and the width when partial."""
    groups = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03d}")
    return "/".join(groups) + ("" if width == TILE_WIDTH else f".p/{width}")


def bundle_paths(size: int) -> Iterator[tuple[str, int]]:
    """Yield path and width of every entry bundle of a tree."""
    for number in range(-(-size // TILE_WIDTH)):
        width = min(TILE_WIDTH, size - number * TILE_WIDTH)
        yield f"tile/entries/{number_path(number, width)}", width


def tiles(leaves: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every hash tile over the leaf hashes."""
    hashes, level = list(leaves), 0
    while hashes:
        for start in range(0, len(hashes), TILE_WIDTH):
            part = hashes[start : start + TILE_WIDTH]
            yield f"tile/{level}/{number_path(start // TILE_WIDTH, len(part))}", b"".join(part)
        full = len(hashes) // TILE_WIDTH
        hashes = [tree_root(hashes, n * TILE_WIDTH, (n + 1) * TILE_WIDTH) for n in range(full)]
        level += 1


def read_bundle(data: bytes, width: int) -> list[bytes]:
    """Read exactly `width` entries, each after its length in two bytes."""
    entries, at = [], 0
    for _ in range(width):
        require(at + 2 <= len(data), "the bundle is cut short")
        (length,) = struct.unpack_from(">H", data, at)
        entries.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    require(at == len(data), "the bundle has another length than its entries")
    return entries

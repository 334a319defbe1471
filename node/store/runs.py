"""Sorted runs: rows of an 8-byte key prefix and an 8-byte log index, cut into chunks, with fences and a filter.

A row's bytes order it, so sorting and merging compare plain bytes. Fences are the first prefix of each chunk. The
filter has two bits set for each prefix and says quickly that a key is not in a run; it errs only towards "maybe".
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import iter_unpack
from typing import Final

PREFIX_SIZE: Final = 8
"""Bytes of a key that a run keeps; the whole key is always compared with the stored row."""
ROW_SIZE: Final = 16
FILTER_BITS_A_KEY: Final = 16
MAX_FILTER_KEYS: Final = 2**28
"""Larger runs carry no filter: 512 MiB is what one value of the database may reasonably have."""


@dataclass(frozen=True, slots=True)
class SegmentSizes:
    """The numbers that bound segments: keys gathered before a flush, rows of a chunk, runs that are merged into one.

    They are part of how a log maps to segments, so they are the same in every node; tests use small ones.
    """

    flush_keys: int = 65_536
    chunk_rows: int = 4_096
    fan_in: int = 8
    step_chunks: int = 16
    """Chunks that one step of a merge writes."""


DEFAULT_SIZES: Final = SegmentSizes()


def row(prefix: bytes, index: int) -> bytes:
    """Return the row of a key prefix and a log index."""
    return prefix + index.to_bytes(8, "big")


def split_rows(data: bytes) -> list[bytes]:
    """Return the rows of a chunk."""
    return [item[0] for item in iter_unpack(f"{ROW_SIZE}s", data)]


def cut(rows: Sequence[bytes], chunk_rows: int) -> list[bytes]:
    """Return sorted rows as chunks of `chunk_rows`, the last one shorter."""
    return [b"".join(rows[at : at + chunk_rows]) for at in range(0, len(rows), chunk_rows)]


def fences_of(chunks: Iterable[bytes]) -> bytes:
    """Return the first prefix of each chunk, one after another."""
    return b"".join(chunk[:PREFIX_SIZE] for chunk in chunks)


def split_fences(fences: bytes) -> list[bytes]:
    """Return fences as a list that can be searched."""
    return [fences[at : at + PREFIX_SIZE] for at in range(0, len(fences), PREFIX_SIZE)]


def chunks_with(fences: Sequence[bytes], prefix: bytes) -> range:
    """Return the positions of the chunks that may hold rows of `prefix`; equal prefixes may span several."""
    return range(max(bisect_left(fences, prefix) - 1, 0), bisect_right(fences, prefix))


def values_of(chunk: bytes, prefix: bytes) -> list[int]:
    """Return the log indexes of all rows of `prefix` in a chunk."""
    low, high = 0, len(chunk) // ROW_SIZE
    while low < high:
        middle = (low + high) // 2
        if chunk[middle * ROW_SIZE : middle * ROW_SIZE + PREFIX_SIZE] < prefix:
            low = middle + 1
        else:
            high = middle
    found = []
    at = low * ROW_SIZE
    while chunk[at : at + PREFIX_SIZE] == prefix:
        found.append(int.from_bytes(chunk[at + PREFIX_SIZE : at + ROW_SIZE], "big"))
        at += ROW_SIZE
    return found


class Filter:
    """Two bits a prefix in a power-of-two bit field; built once, then only asked."""

    __slots__ = ("_mask", "bits")

    def __init__(self, bits: bytearray | bytes) -> None:
        self.bits = bits
        self._mask = len(bits) * 8 - 1

    @classmethod
    def for_keys(cls, count: int) -> Filter:
        """Return an empty filter for `count` keys; one that says "maybe" to everything above MAX_FILTER_KEYS."""
        if count > MAX_FILTER_KEYS:
            return cls(b"")
        size = 1 << max(count * FILTER_BITS_A_KEY - 1, 7).bit_length()
        return cls(bytearray(size // 8))

    def add(self, rows: Iterable[bytes]) -> None:
        """Set the bits of rows."""
        bits, mask = self.bits, self._mask
        if isinstance(bits, bytearray):
            for item in rows:
                one = int.from_bytes(item[:4], "big") & mask
                other = int.from_bytes(item[4:8], "big") & mask
                bits[one >> 3] |= 1 << (one & 7)
                bits[other >> 3] |= 1 << (other & 7)

    def may_hold(self, prefix: bytes) -> bool:
        """Whether a row of `prefix` may have been added."""
        bits, mask = self.bits, self._mask
        if not bits:
            return True
        one = int.from_bytes(prefix[:4], "big") & mask
        if not bits[one >> 3] >> (one & 7) & 1:
            return False
        other = int.from_bytes(prefix[4:], "big") & mask
        return bool(bits[other >> 3] >> (other & 7) & 1)


@dataclass(frozen=True, slots=True)
class Run:
    """A stored run: number, family, level, the log indexes it covers, its fences and filter."""

    number: int
    family: int
    level: int
    first: int
    end: int
    count: int
    fences: tuple[bytes, ...]
    filter: Filter

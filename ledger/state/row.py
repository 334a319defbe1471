"""What every state row is, and what a typed table is; the rows themselves stand in `tables` and beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

Ranges = tuple[tuple[int, int], ...]
"""Sorted, disjoint, merged row ranges, both ends included; empty for a single statement."""

ReferenceRows = tuple[tuple[str, Ranges], ...]
"""A canonical reference set: (statement id, ranges), sorted by id."""


class StateRow(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Base of all state values. Fields are only ever appended, never reordered."""


V = TypeVar("V", bound=StateRow)


@dataclass(frozen=True, slots=True)
class Table(Generic[V]):
    """One typed table; `resident` tables have anchor "" and live in memory in every node."""

    name: str
    row: type[V]
    resident: bool = False

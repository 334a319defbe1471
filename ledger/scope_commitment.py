"""Commitments to a scope: which references and members a case, incident or access request is about.

commitment = SHA256("suyuan/scope" ‖ 0x00 ‖ CBOR [1, salt, references, members]), in lower-case hex. `salt` is 32 random
bytes, `references` the sorted [[statement id, [[first, last], …]], …] of a set, `members` sorted USCCs. Without the
salt nobody can guess what stands behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from ledger.encoding import CborValue, encode_cbor, require_size
from ledger.errors import FormError, ProofError, Text
from ledger.references import ReferenceSet

_DOMAIN: Final = b"suyuan/scope\x00"
SALT_SIZE: Final = 32


class ScopeMembers(FormError):
    """The members of a scope are not a set in its one form."""

    code = "form.scope_members"
    what = Text("The members of the scope are not sorted and unique.", "范围中的成员未排序或有重复。")


class ScopeMismatch(ProofError):
    """What is opened is not what was committed to."""

    code = "scope.mismatch"
    what = Text("The opened scope is not the one that was committed to.", "所开启的范围与承诺值不符。")
    next_step = Text(
        "Give the salt, references and members exactly as they were committed.", "请原样提供承诺时的盐值、引用与成员。"
    )


@dataclass(frozen=True, slots=True)
class ScopeOpening:
    """What a scope's commitment is over. Raises `ScopeMembers` and, for a salt of another length, `WrongSize`."""

    salt: bytes
    references: ReferenceSet
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_size(self.salt, SALT_SIZE, "salt")
        if any(left >= right for left, right in pairwise(self.members)):
            raise ScopeMembers

    def commitment(self) -> str:
        """Return the commitment in lower-case hex."""
        references: list[CborValue] = [
            [id_, [[first, last] for first, last in ranges]] for id_, ranges in self.references.entries
        ]
        members: list[CborValue] = list(self.members)
        return sha256(_DOMAIN + encode_cbor([1, self.salt, references, members])).hexdigest()

    def check(self, commitment: str) -> None:
        """Check that this is what `commitment` is over; raises `ScopeMismatch`."""
        if self.commitment() != commitment:
            raise ScopeMismatch

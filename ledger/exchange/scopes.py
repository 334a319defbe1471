"""The opening of a scope as JSON: the file an investigator or regulator keeps, and what opens a case to a node."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from ledger.encoding import base64url, decode_base64url
from ledger.kinds.fields import Bytes32, ReferenceSetJson, Uscc, Value
from ledger.references import ReferenceSet
from ledger.scope_commitment import ScopeOpening


class ScopeFile(Value, frozen=True):
    """Salt, references and members of a scope; `members` sorted, either may be left out."""

    salt: Bytes32
    references: ReferenceSetJson | UnsetType = UNSET
    members: list[Uscc] | UnsetType = UNSET

    def opening(self) -> ScopeOpening:
        """Return the opening; raises `ScopeMembers` or as `ReferenceSet.from_json`."""
        references = ReferenceSet() if self.references is UNSET else ReferenceSet.from_json(self.references)
        members = () if self.members is UNSET else tuple(self.members)
        return ScopeOpening(decode_base64url(self.salt), references, members)


def scope_file(opening: ScopeOpening) -> dict[str, object]:
    """Return an opening as the JSON object of its file."""
    file: dict[str, object] = {"salt": base64url(opening.salt)}
    if opening.references:
        file["references"] = opening.references.to_json()
    if opening.members:
        file["members"] = list(opening.members)
    return file

"""Which other statements a statement names: what has to lie in a bundle for a trace to be followed in it."""

from __future__ import annotations

from collections.abc import Mapping

_IDS = (
    "grant",
    "acceptance",
    "offer",
    "transfer",
    "parent",
    "request",
    "performance",
    "contract",
    "agrees",
    "proposal",
)
_REFERENCE = "reference"
_REFERENCE_SET = "references"


def named_statements(payload: Mapping[str, object], *, kind: str) -> set[str]:
    """Return the ids that the (decoded, checked) payload of a statement names.

    What a contract.register calls `contract` is the number on paper and names no statement.
    """
    names = [name for name in _IDS if (name, kind) != ("contract", "contract.register")]
    found = {value for name in names if isinstance(value := payload.get(name), str)}
    reference = payload.get(_REFERENCE)
    if isinstance(reference, str):
        found.add(reference.partition(":")[0])
    listed = payload.get(_REFERENCE_SET)
    # A grant may cover thousands of lists that never moved; what moved stands in the offers.
    if isinstance(listed, list) and not kind.startswith("grant."):
        found |= {entry[0] for entry in listed if isinstance(entry, list) and isinstance(entry[0], str)}
    return found

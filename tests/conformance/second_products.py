"""Products and batches of queries in the second implementation of findings."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.second_hands import Hands
from tests.conformance.second_told import Duty, Said, Told, atoms, first


def confirmations(told: Told) -> Iterator[Duty]:
    """Yield the duty of the other side to confirm each batch of queries."""
    for one in told.of("query.batch"):
        if "confirms" in one.payload:
            continue
        sides = [one.payload["receiver"], one.payload["sender"]]
        other = sides[0] if one.iss == one.payload["sender"] else sides[1]
        met = first(each.time for each in told.naming("query.batch", "confirms", one.id))
        yield Duty(other, one.id, told.deadline(one, "query_confirm"), met)


def stale_products(told: Told) -> Iterator[tuple[str, str, bool]]:
    """Yield each product whose inputs changed while it was in force; a product that replaces it puts that right."""
    hands = Hands(told)
    changes = [(one, _changed(told, hands, one)) for one in hands.walk()]
    for product in told.of("product.issue"):
        rests = _rests(told, product)
        replaced = first(one.index for one in told.naming("product.issue", "replaces", product.id))
        for one, changed in changes:
            in_force = product.index < one.index and (replaced is None or one.index < replaced)
            own = one.kind != "erasure.attest" or one.payload.get("holder", one.iss) == product.iss
            if in_force and own and rests.intersection(changed):
                yield product.id, product.iss, replaced is None
                break


def _rests(told: Told, product: Said) -> set[str]:
    """Return the product itself, its records, and what its input products rest on."""
    found = {product.id, *atoms(product.payload.get("references", []))}
    for transfer in product.payload.get("transfers", []):
        found |= atoms(told.one(transfer).payload["references"])
    for each in product.payload.get("products", []):
        found |= _rests(told, told.one(each))
    return found


def _changed(told: Told, hands: Hands, one: Said) -> set[str]:
    """Return the records and products that a statement ended, or over which it upheld a dispute."""
    if one.kind in ("record.correct", "record.withdraw"):
        return {one.payload["reference"]}
    if one.kind == "record.resolve" and one.payload["outcome"] == "upheld":
        return {told.one(one.payload["dispute"]).payload["about"]}
    if one.kind == "repair.decide" and one.payload["outcome"] == "approved":
        newest = told.newest(told.one(one.payload["application"]).payload["reference"], one.index)
        return set() if told.is_withdrawn(newest, one.index) else {newest}
    if one.kind == "erasure.attest":
        # The walk takes a statement only after it was looked at.
        return hands.erasures.would_destroy(one)
    return set()

"""Products whose inputs changed: found through RESTS, level by level, whoever made them (PRO-5).

Every statement that ends or changes a record calls `pro_5` with what it changed, and names `stale_needs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ledger.errors import Text
from ledger.references import ReferenceSet
from ledger.rules.loading import peek_all
from ledger.rules.registry import Context, rule
from ledger.state.authority_tables import PRODUCT, RESTS
from ledger.state.effects import Effects
from ledger.state.tables import Ranges
from ledger.state.view import BlockView, Need


def stale_needs(view: BlockView, ids: Iterable[str]) -> Iterator[Need]:
    """Name the products that rest on any of the statements `ids`, and those that rest on these."""
    seen: set[str] = set()
    new = set(ids)
    while new:
        seen |= new
        level: set[str] = set()
        for id_ in sorted(new):
            yield Need("rests", id_, None)
            yield Need("product", id_)
            level |= {product for product, _ in peek_all(view, RESTS, id_)}
        new = level - seen


def resting(view: BlockView, changed: ReferenceSet) -> list[str]:
    """Return the products that rest on `changed`, first those that rest on it directly."""
    found: dict[str, None] = {}
    level: list[tuple[str, Ranges]] = list(changed.entries)
    while level:
        below: list[tuple[str, Ranges]] = []
        for id_, ranges in level:
            wanted = ReferenceSet(((id_, ranges),))
            for product, rest in view.scan(RESTS, id_):
                if product not in found and wanted.intersection(ReferenceSet(((id_, rest.ranges),))):
                    found[product] = None
                    below.append((product, ()))
        level = below
    return list(found)


@rule(
    "PRO-5",
    demand=Text(
        "A product whose inputs were corrected, withdrawn, repaired or erased, or whose dispute was upheld, is stale "
        "until replaced",
        "产品的输入被更正、撤回、修复、删除或其异议成立的，该产品在被替代之前视为失效",
    ),
    next_step=Text("Issue a product on the present inputs that replaces it.", "请以现有输入重新出具产品予以替代。"),
)
def pro_5(
    effects: Effects, view: BlockView, context: Context, changed: ReferenceSet, issuer: str | None = None
) -> None:
    """PRO-5: begins a finding on each product that rests on `changed`, once; it forbids nothing and never fails.

    A product named in `changed` itself, whose dispute was upheld, is stale as well. With `issuer` only that member's
    products are: its own copy of the input is gone.
    """
    own = [id_ for id_, ranges in changed.entries if not ranges and view.find(PRODUCT, id_) is not None]
    for product in (*own, *resting(view, changed)):
        state = view.find(PRODUCT, product)
        if state is None or state.stale is not None or state.replaced is not None:
            continue
        if issuer not in (None, state.issuer):
            continue
        effects.put(PRODUCT, product, msgspec.structs.replace(state, stale=context.id))
        effects.find("F-STALE-PRODUCT", product, state.issuer, (product, context.id), "PRO-5")

"""Products for tests: payloads that are admitted as they stand, each changed in one place by a test."""

from __future__ import annotations

from tests.ledger.rules.handing import FIELDS
from tests.world import World, changed, digest_of

PRODUCT = "product.issue"
PERSON_ITEMS = {"credit_person": ["amount", "duration"]}


def report(**changes: object) -> dict[str, object]:
    """Return a report on penalties for lending; its inputs are among `changes`."""
    stated: dict[str, object] = {
        "form": "report",
        "subject_class": "enterprise",
        "purpose": "credit.lending",
        "items": {"penalty": FIELDS},
        "method": "report-1",
        "commitment": digest_of("report"),
    }
    return changed(stated, changes)


def evaluation(**changes: object) -> dict[str, object]:
    """Return an evaluation of a person for lending."""
    stated = {"form": "evaluation", "subject_class": "person", "items": PERSON_ITEMS, "serves": "other"}
    return report(**{**stated, **changes})


def stale(world: World) -> list[str]:
    """Return the products that are stale."""
    return world.open_findings("F-STALE-PRODUCT")

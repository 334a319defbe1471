"""The register of tamperings: each names the check that must say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger.notes import Policy
from tests.ledger.evidence.bundles import Story


@dataclass(frozen=True)
class Tampering:
    """One way to tamper, and the check that must say so."""

    name: str
    check: str
    result: str
    make: Callable[[Story], bytes]
    policy: Policy | None = None


CASES: list[Tampering] = []


def tampering(
    check: str, result: str = "FAILED", policy: Policy | None = None
) -> Callable[[Callable[[Story], bytes]], Callable[[Story], bytes]]:
    def register(function: Callable[[Story], bytes]) -> Callable[[Story], bytes]:
        CASES.append(Tampering(function.__name__, check, result, function, policy))
        return function

    return register


def index_of(story: Story, id_: str) -> int:
    """Return the log index of a statement of the story."""
    return story.proofs.statements([id_])[id_].index

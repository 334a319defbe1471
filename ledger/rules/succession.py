"""Who takes the place of a dissolved member (ERA-2): its successor, with rights and duties; a custodian has neither."""

from __future__ import annotations

from ledger.rules.standing import member
from ledger.state.governance_tables import HEIR
from ledger.state.tables import MEMBER
from ledger.state.view import BlockView


def inheritor(view: BlockView, uscc: str) -> str | None:
    """Return who answers for member `uscc` now: itself until it is dissolved, then its successor, or that one's.

    None where it left no successor. Raises UnknownMember. The chain ends, because an heir is active when it is named
    and nobody comes back from a dissolution.
    """
    acting = uscc
    while member(view, acting).status == "dissolved":
        left = view.find(HEIR, "", acting)
        if left is None or left.capacity == "custodian":
            return None
        acting = left.heir
    return acting


def answers_for(view: BlockView, uscc: str, signer: str) -> bool:
    """Say whether `signer` is `uscc`, or has taken its place; a code that names no member has no heir."""
    return signer == uscc or (view.find(MEMBER, "", uscc) is not None and inheritor(view, uscc) == signer)


def custodian(view: BlockView, uscc: str) -> str | None:
    """Return who keeps the papers of a member that was dissolved without a successor, None for any other."""
    left = view.find(HEIR, "", uscc)
    return left.heir if left is not None and left.capacity == "custodian" else None


def predecessors(view: BlockView, uscc: str) -> tuple[str, ...]:
    """Return the dissolved members whose rights and duties `uscc` has now, in order of their codes."""
    return tuple(gone for gone, _ in view.scan(HEIR) if gone != uscc and inheritor(view, gone) == uscc)

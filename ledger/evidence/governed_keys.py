"""Keys that come and go by governance: which statements made them, and which vote put it into effect.

Only founding regulators count, at the founding threshold: who else may vote, and what another policy asks, does not
follow from a bundle. So a key may stay unproven here that is live; never the other way round, because every vote that
is counted was admitted as a leaf of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from ledger.kinds.fields import Payload
from ledger.kinds.genesis import Genesis
from ledger.kinds.governance import AdmitMember, GovernanceApprove, GovernancePropose, ReplaceKey
from ledger.statement import Statement

KEY_ACTS = ("member.admit", "member.replace_key")
"""The actions that change keys."""


class KeyHistory:
    """Which admitted statements made the keys of each member what they are; noted in the order of the log."""

    def __init__(self) -> None:
        self._of: dict[str, list[str]] = {}
        self._about: dict[str, str] = {}

    def note(self, statement: Statement) -> None:
        """Take an admitted statement into account."""
        member = self._member(statement)
        if member is not None:
            self._of.setdefault(member, []).append(statement.statement_id)

    def _member(self, statement: Statement) -> str | None:
        """Return whose keys a statement is about, None for one about none."""
        payload = statement.payload
        if statement.kind.startswith("key."):
            return statement.iss
        if statement.kind == "governance.approve":
            return self._about.get(str(payload["proposal"]))
        action = payload.get("action") if statement.kind == "governance.propose" else None
        if not isinstance(action, Mapping) or action.get("act") not in KEY_ACTS:
            return None
        member = action["member"]
        found = str(member["uscc"] if isinstance(member, Mapping) else member)
        self._about[statement.statement_id] = found
        return found

    def of(self, member: str) -> list[str]:
        """Return the ids of those about the keys of `member`, in the order of the log."""
        return list(self._of.get(member, ()))


class VoteBook:
    """The votes on actions about keys, taken in the order of the log."""

    def __init__(self, genesis: Genesis | None) -> None:
        founders = [] if genesis is None else genesis.members
        self._regulators = frozenset(founder.uscc for founder in founders if "regulator" in founder.roles)
        self._threshold = 0 if genesis is None else genesis.policy.governance_threshold
        self._open: dict[str, tuple[AdmitMember | ReplaceKey, set[str]]] = {}

    def take(self, statement: Statement, payload: Payload) -> AdmitMember | ReplaceKey | None:
        """Count an admitted vote; returns the action that it puts into effect, None when it does not."""
        id_ = statement.statement_id
        if isinstance(payload, GovernancePropose):
            if isinstance(payload.action, AdmitMember | ReplaceKey):
                self._open[id_] = (payload.action, set())
        elif isinstance(payload, GovernanceApprove):
            id_ = payload.proposal
        found = self._open.get(id_)
        if found is None or statement.iss not in self._regulators:
            return None
        action, votes = found
        votes.add(statement.iss)
        if len(votes) < self._threshold:
            return None
        del self._open[id_]
        return action


def concerns_keys(kind: str) -> bool:
    """Whether statements of this kind may change keys."""
    return kind.startswith("key.") or kind in ("governance.propose", "governance.approve")

"""Keys that a bundle proves: from the genesis entry, and from logged key statements in the order of the log.

That no revocation lies between is not provable by inclusion: a statement counts as admitted because the quorum signed a
tree in which it is a leaf of its own, and every node of the quorum judged its key. A revocation that does lie in the
bundle ends the key here.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ledger.encoding import base64url
from ledger.evidence.checks import Verdict
from ledger.evidence.governed_keys import VoteBook
from ledger.keys import PublicKey
from ledger.kinds.fields import Jwk, Payload
from ledger.kinds.genesis import Genesis
from ledger.kinds.governance import AdmitMember, GovernanceApprove, GovernancePropose, ReplaceKey
from ledger.kinds.keys import KeyAdd, KeyRevoke, KeyRotate
from ledger.statement import Statement
from ledger.times import due_time


@dataclass(slots=True)
class KnownKey:
    """A key with its member and its life: log indexes, and block times in ms (None: not known in this bundle)."""

    member: str
    key: PublicKey
    kinds: tuple[str, ...] | None
    since_index: int
    active_from: int | None
    retires_at: int | None = None
    replaced_by: str = ""
    revoked_index: int | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the book says about a key at a position; `key` is there whenever the key is known at all."""

    result: Verdict
    reason: str
    key: PublicKey | None = None


class KeyBook:
    """The keys known so far; statements are taken in the order of the log."""

    def __init__(self, genesis: Genesis | None) -> None:
        self._genesis = genesis
        self._keys: dict[str, KnownKey] = {}
        self._services: dict[str, PublicKey] = {}
        self._votes = VoteBook(genesis)
        if genesis is None:
            return
        for founder in genesis.members:
            for jwk in founder.keys:
                self._add(founder.uscc, jwk, None, 0, 0)
        for node in genesis.nodes:
            service = _public(node.service_key)
            self._services[base64url(service.thumbprint)] = service

    def _add(self, member: str, jwk: Jwk, kinds: tuple[str, ...] | None, index: int, active_from: int | None) -> str:
        key = _public(jwk)
        kid = base64url(key.thumbprint)
        self._keys[kid] = KnownKey(member, key, kinds, index, active_from)
        return kid

    def maker(self, kid: bytes) -> PublicKey | None:
        """Return the key of a member or node that may sign a manifest, None for an unknown one."""
        name = base64url(kid)
        found = self._keys.get(name)
        return self._services.get(name) if found is None else found.key

    def judge(self, statement: Statement, index: int | None, time: int | None) -> Judgement:
        """Judge the key of a statement at log index `index` and block time `time` (ms), None where not proven."""
        known = self._keys.get(base64url(statement.kid))
        if known is None:
            return Judgement("INCONCLUSIVE", "no proven entry of the bundle registers its key")
        if index is None:
            return Judgement("INCONCLUSIVE", "its position is not proven", known.key)
        if known.member != statement.iss:
            return Judgement("FAILED", "the key belongs to another member", known.key)
        if index <= known.since_index:
            return Judgement("FAILED", "the key was registered later", known.key)
        if known.revoked_index is not None and known.revoked_index < index:
            return Judgement("FAILED", f"the key was revoked at index {known.revoked_index}", known.key)
        family = statement.kind.partition(".")[0]
        if known.kinds is not None and statement.kind not in known.kinds and family not in known.kinds:
            return Judgement("FAILED", f"the key may not sign {statement.kind}", known.key)
        return self._in_time(known, time)

    def _in_time(self, known: KnownKey, time: int | None) -> Judgement:
        limited = known.active_from != 0 or known.retires_at is not None
        if limited and (time is None or known.active_from is None):
            return Judgement("INCONCLUSIVE", "the times of the key's life are not proven", known.key)
        if time is not None and known.active_from is not None and time < known.active_from:
            return Judgement("FAILED", "the key had not begun", known.key)
        if time is not None and known.retires_at is not None and time >= known.retires_at:
            return Judgement("FAILED", "the key was replaced before", known.key)
        return Judgement("VERIFIED", f"registered at index {known.since_index}", known.key)

    def take(self, statement: Statement, payload: Payload, index: int, time: int | None) -> str | None:
        """Apply an admitted statement about keys; returns what is wrong, or None. Encryption keys are passed over."""
        if isinstance(payload, GovernancePropose | GovernanceApprove):
            self._govern(self._votes.take(statement, payload), index, time)
            return None
        if isinstance(payload, KeyAdd):
            if payload.use == "sign":
                kinds = None if payload.kinds is None else tuple(payload.kinds)
                self._add(statement.iss, payload.key, kinds, index, time)
            return None
        assert isinstance(payload, (KeyRotate, KeyRevoke))
        old_kid = payload.old if isinstance(payload, KeyRotate) else payload.kid
        old = self._keys.get(old_kid)
        if old is None:
            return None if isinstance(payload, KeyRevoke) else "the key that it replaces is not registered here"
        if old.member != statement.iss:
            return "the key that it ends belongs to another member"
        if isinstance(payload, KeyRevoke):
            self._revoke(old_kid, old, index, time)
        elif payload.cancel or payload.key is None:
            self._cancel(old)
        else:
            begins = self._begins(time)
            old.replaced_by = self._add(statement.iss, payload.key, old.kinds, index, begins)
            old.retires_at = begins
            if begins is None:
                # From here on nobody can tell from this bundle when the old key ends.
                old.active_from = None
        return None

    def _govern(self, action: AdmitMember | ReplaceKey | None, index: int, time: int | None) -> None:
        """Apply what a vote put into effect: keys of a new member, or one key in another's place."""
        if isinstance(action, AdmitMember):
            for jwk in action.member.keys:
                self._add(action.member.uscc, jwk, None, index, time)
        old = self._keys.get(action.old) if isinstance(action, ReplaceKey) else None
        # Without the old key nobody can tell which kinds the new one is limited to: it stays unknown.
        if old is None or not isinstance(action, ReplaceKey) or old.member != action.member:
            return
        if old.replaced_by and (time is None or old.retires_at is None or time < old.retires_at):
            self._cancel(old)
        self._revoke(action.old, old, index, time)
        if action.key is not None:
            self._add(action.member, action.key, old.kinds, index, time)

    def _begins(self, time: int | None) -> int | None:
        if time is None or self._genesis is None:
            return None
        policy = self._genesis.policy
        return due_time(time, policy.key_change_delay, policy.calendar)

    def _cancel(self, old: KnownKey) -> None:
        self._keys.pop(old.replaced_by, None)
        old.replaced_by, old.retires_at = "", None

    def _revoke(self, kid: str, old: KnownKey, index: int, time: int | None) -> None:
        old.revoked_index = index
        for other in self._keys.values():
            # The heir of a rotation that had not begun yet: the key that it would have replaced stays.
            if other.replaced_by == kid and (time is None or (old.active_from or 0) > time):
                other.replaced_by, other.retires_at = "", None


def _public(jwk: Jwk) -> PublicKey:
    return PublicKey.from_json(msgspec.to_builtins(jwk))

"""Checks against the log: checkpoints under the policy, inclusion of leaves, one growing log, receipts."""

from __future__ import annotations

from itertools import pairwise

from ledger.errors import SuyuanError
from ledger.evidence.checks import Checklist
from ledger.evidence.layout import POLICY, Contents
from ledger.keys import EDDSA, PublicKey
from ledger.merkle import verify_consistency, verify_inclusion
from ledger.notes.checkpoint import Checkpoint
from ledger.notes.policy import Policy
from ledger.notes.tlog_proof import TlogProof
from ledger.notes.vkey import KeyType
from ledger.notes.witness import AddCheckpoint
from ledger.receipt import parse_inclusion_receipt, verify_inclusion_receipt


class LogChecks:
    """Proves leaves under one policy; remembers every checkpoint that the policy accepted."""

    def __init__(self, policy: Policy, checks: Checklist) -> None:
        self.policy, self.checks = policy, checks
        self.accepted: dict[Checkpoint, None] = {}
        self._judged: dict[str, Checkpoint | None] = {}

    def same_policy(self, contents: Contents) -> None:
        """policy.same: the policy that the bundle carries is the given one."""
        text = contents.file(POLICY)
        if text is None:
            self.checks.open("policy.same", POLICY, "the bundle names no policy")
            return
        try:
            made_under = Policy.parse(text)
        except SuyuanError as error:
            self.checks.error("policy.same", POLICY, error)
            return
        if str(made_under) == str(self.policy):
            self.checks.passed("policy.same", POLICY)
        else:
            self.checks.open("policy.same", POLICY, "the bundle was made under another policy; yours decides")

    def prove(self, id_: str, what: str, leaf: bytes, proof: bytes | None) -> int | None:
        """Check `id_`: return the log index that the proof file gives the leaf, None when it does not prove it."""
        if proof is None:
            self.checks.open(id_, what, "its proof is missing")
            return None
        try:
            parsed = TlogProof.parse(proof)
            checkpoint = self._checkpoint(parsed)
            if checkpoint is None:
                self.checks.open(id_, what, "its checkpoint was not accepted")
                return None
            verify_inclusion(leaf, parsed.index, checkpoint.size, parsed.path, checkpoint.root)
        except SuyuanError as error:
            self.checks.error(id_, what, error)
            return None
        self.checks.passed(id_, what, f"index {parsed.index} of {checkpoint.size}")
        return parsed.index

    def _checkpoint(self, proof: TlogProof) -> Checkpoint | None:
        """checkpoint.quorum: judge each signed checkpoint once."""
        note = str(proof.checkpoint)
        if note in self._judged:
            return self._judged[note]
        what = " ".join(proof.checkpoint.text.split("\n")[:2])[:200]
        found: Checkpoint | None = None
        try:
            verified = self.policy.verify_checkpoint(proof.checkpoint)
            found = verified.checkpoint
            names = ", ".join(cosigner.name for cosigner in verified.cosigners)
            self.checks.passed("checkpoint.quorum", what, f"cosigned by {names or 'nobody, as the policy asks'}")
            self.accepted[found] = None
        except SuyuanError as error:
            self.checks.error("checkpoint.quorum", what, error)
        self._judged[note] = found
        return found

    def consistent(self, contents: Contents) -> None:
        """checkpoint.consistent: every accepted checkpoint extends the one before it."""
        heads = sorted(self.accepted, key=lambda head: (head.origin, head.size, head.root))
        if len(heads) == 1:
            self.checks.passed("checkpoint.consistent", f"size {heads[0].size}", "every proof leads to one checkpoint")
        for old, new in pairwise(heads):
            what = f"sizes {old.size} and {new.size}"
            if old.origin != new.origin:
                self.checks.failed("checkpoint.consistent", what, "the checkpoints are of two logs")
            elif old.size == new.size:
                self.checks.failed("checkpoint.consistent", what, "two roots for one size: the log forked")
            else:
                self._extends(old, new, what, contents.all("consistency").get(f"{old.size}-{new.size}"))

    def _extends(self, old: Checkpoint, new: Checkpoint, what: str, proof: bytes | None) -> None:
        if proof is None:
            self.checks.open("checkpoint.consistent", what, "the consistency proof is missing")
            return
        try:
            verify_consistency(old.size, old.root, new.size, new.root, AddCheckpoint.parse(proof).path)
        except SuyuanError as error:
            self.checks.error("checkpoint.consistent", what, error)
            return
        self.checks.passed("checkpoint.consistent", what)

    def receipt(self, what: str, leaf: bytes, sub: str, data: bytes) -> None:
        """receipt.signature and receipt.root: a receipt is worth what a quorum checkpoint with its root says."""
        try:
            receipt = parse_inclusion_receipt(data)
            key = self._log_key(receipt.kid)
            if key is None:
                self.checks.open("receipt.signature", what, "its key is no log key of the policy")
                return
            root = verify_inclusion_receipt(receipt, leaf, key)
        except SuyuanError as error:
            self.checks.error("receipt.signature", what, error)
            return
        if receipt.sub != sub or all(log.vkey.name != receipt.origin for log in self.policy.logs):
            self.checks.failed("receipt.signature", what, "it names another statement or log")
            return
        self.checks.passed("receipt.signature", what)
        if Checkpoint(receipt.origin, receipt.size, root) not in self.accepted:
            self.checks.open("receipt.root", what, f"no checkpoint with quorum has its root at size {receipt.size}")
        else:
            self.checks.passed("receipt.root", what, f"size {receipt.size}")

    def _log_key(self, kid: bytes) -> PublicKey | None:
        for log in self.policy.logs:
            if log.vkey.key_type is KeyType.ED25519:
                key = PublicKey(EDDSA, log.vkey.public_key)
                if key.thumbprint == kid:
                    return key
        return None

"""The receiver's side of a hand-over: accept, wait for the release, open, check every row, confirm or dispute.

`receive` does all of it; each step can be called by itself and any number of times. What is on the ledger is taken only
with a proof under the receiver's own policy file. The one-time secret is destroyed once the delivery is confirmed; a
dispute reveals it, so that the arbiter can open what the sender released.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, TypeVar

from clients.gateway.checking import DeliveryMismatch, Reason, check_delivery
from clients.gateway.disclosed import Forms
from clients.gateway.outbox import Outbox
from clients.gateway.package import Source, decode_package
from clients.gateway.packing import encode_proof
from clients.gateway.sealing import ONE_TIME_KEY_SIZE, one_time_public, open_key, open_package
from clients.gateway.waiting import Patience, TransferEnded, wait_for
from clients.sdk import requests
from clients.sdk.answers import read_duties
from clients.sdk.errors import NotFoundProblem
from clients.sdk.sync_client import Client
from clients.sdk.verification import ProvenStatement, prove_statement
from clients.vault.errors import NotInVault
from clients.vault.rows import DisclosedRecord, OneTimeKey, Package, Progress
from clients.vault.vault import Vault
from ledger.content import content_key_commitment
from ledger.encoding import base64url, decode_base64url
from ledger.errors import AccessError, FormError, InconclusiveError, ProofError, SignatureError, Text
from ledger.kinds import decode_payload
from ledger.kinds.fields import Payload
from ledger.kinds.transfers import (
    TransferAccept,
    TransferConfirm,
    TransferDispute,
    TransferOffer,
    TransferRefuse,
    TransferRelease,
)
from ledger.notes.policy import Policy
from ledger.references import ReferenceSet
from ledger.state.tables import TransferState
from ledger.statement import Statement, decode_statement

_P = TypeVar("_P", bound=Payload)
SIDE: Final = "receive"
_ENDED = frozenset({"refused", "cancelled"})
_OPEN = frozenset({"released", "confirmed", "disputed"})
RefusalReason = Literal["not_wanted", "ciphertext", "terms", "other"]
MarkedRoot = Callable[[TransferOffer, Sequence[DisclosedRecord]], str]
"""Makes the marked copy of delivered rows and returns its root in hex (leak tracing, layer C)."""


class NotForUs(AccessError):
    """An offer to somebody else."""

    code = "gateway.not_for_us"
    what = Text("The offer is to {receiver}, not to {member}.", "该要约的接收方为 {receiver}，而非 {member}。")
    next_step = Text("Ask the sender for its offer to this member.", "请向发送方索取面向本机构的要约。")


class WrongCiphertext(ProofError):
    """The package that came is not the one that was offered."""

    code = "package.ciphertext"
    what = Text("The package is not the offered one: {detail}.", "数据包与要约不符：{detail}。")
    next_step = Text("Fetch it again, or refuse the offer.", "请重新获取，或拒绝该要约。")


class MarkingUnchecked(InconclusiveError):
    """The offer commits to marks, and nothing here can check them."""

    code = "gateway.marking"
    what = Text("The offer commits to marks that cannot be checked here.", "要约含有标记承诺，此处无法核验。")
    next_step = Text("Give the receiver the marking of the grant.", "请为接收端配置该授权的标记。")


class DeliveryDisputed(ProofError):
    """The delivery was wrong and is now disputed on the ledger."""

    code = "gateway.disputed"
    what = Text(
        "The delivery of {offer} was disputed ({reason}): {detail}.", "交接 {offer} 已提出异议（{reason}）：{detail}。"
    )
    next_step = Text("The sender answers for the mismatch; keep the package.", "由发送方对不符负责；请保留数据包。")


@dataclass(frozen=True, slots=True)
class Received:
    """A confirmed hand-over: its offer, the confirmation, and how many records it brought into the vault."""

    offer: str
    confirmation: str
    records: int


class Receiver:
    """Takes records over for the client's member; see the module. `policy` is the trusted policy file."""

    def __init__(
        self,
        client: Client,
        vault: Vault,
        forms: Forms,
        policy: Policy,
        patience: Patience | None = None,
        marked_root: MarkedRoot | None = None,
    ) -> None:
        self._client = client
        self._vault = vault
        self._forms = forms
        self._policy = policy
        self._patience = Patience() if patience is None else patience
        self._marked_root = marked_root
        self._outbox = Outbox(client, vault)
        self._identity = client.signing_identity()

    def receive(self, offer_id: str, ciphertext: bytes | None = None) -> Received:
        """Take one hand-over over, from its offer to its confirmation.

        `ciphertext` is the package when it came by another way than the node's mailbox. Raises `NotForUs`,
        `WrongCiphertext` before anything is accepted, `TransferEnded`, `StillWaiting`, `DeliveryDisputed` after a
        dispute was filed, and what proofs raise.
        """
        self.accept(offer_id, ciphertext)
        return self.confirm(offer_id)

    def pending(self) -> list[str]:
        """Return the offers that await this member's acceptance, the one due first first."""
        answer = self._client.run(requests.duties(self._identity.member))
        duties = read_duties(answer)
        return [duty.opener for duty in duties if duty.kind == "transfer.accept" and duty.status in ("open", "overdue")]

    def offer(self, offer_id: str) -> TransferOffer:
        """Return the offer, proven to be in the log and to be for this member; raises `NotForUs` and proof errors."""
        payload = _payload(self._proven(offer_id), TransferOffer)
        if payload.receiver != self._identity.member:
            raise NotForUs(receiver=payload.receiver, member=self._identity.member)
        return payload

    def accept(self, offer_id: str, ciphertext: bytes | None = None) -> str:
        """Fetch the package, draw a one-time key and accept; return the id of the acceptance."""
        placed = self._outbox.place(f"{offer_id}:accept")
        if placed is not None:
            return placed.id
        offer = self.offer(offer_id)
        if offer.marking is not None and self._marked_root is None:
            raise MarkingUnchecked
        package = self._client.run(requests.get_package(offer.ciphertext)) if ciphertext is None else ciphertext
        check_ciphertext(package, offer)
        references = ReferenceSet.from_json(offer.references)
        self._vault.keep_package(Package(offer.ciphertext, package, None), references)
        key = self._vault.one_time_key(offer_id) or self._new_key(offer_id, references)
        payload = TransferAccept(
            **self._identity.head(TransferAccept),
            offer=offer_id,
            ciphertext=offer.ciphertext,
            receiver_key=base64url(key.public),
        )
        accepted = self._outbox.submit(f"{offer_id}:accept", lambda: self._sign(payload))
        self._keep(offer_id, "accepted")
        return accepted.statement_id

    def refuse(self, offer_id: str, reason: RefusalReason) -> str:
        """Refuse an offer instead of accepting it; return the id of the refusal."""
        payload = TransferRefuse(**self._identity.head(TransferRefuse), offer=offer_id, reason=reason)
        refused = self._outbox.submit(f"{offer_id}:refuse", lambda: self._sign(payload))
        self._keep(offer_id, "refused")
        return refused.statement_id

    def confirm(self, offer_id: str) -> Received:
        """Wait for the release, open and check the delivery, keep it in the vault and confirm; raises as `receive`."""
        offer = self.offer(offer_id)
        count = ReferenceSet.from_json(offer.references).count
        placed = self._outbox.place(f"{offer_id}:confirm")
        disputed = self._outbox.place(f"{offer_id}:dispute")
        if disputed is not None:
            payload = _payload(decode_statement(disputed.raw), TransferDispute)
            raise DeliveryDisputed(offer=offer_id, reason=payload.reason, detail="earlier", dispute=disputed.id)
        if placed is None:
            try:
                sources, rows = self.open(offer_id, offer)
            except DeliveryMismatch as error:
                raise self._dispute(offer_id, error.reason, str(error.params["detail"])) from error
            for source in sources:
                self._prove_source(source)
                self._vault.keep_statement(source.statement.statement_id, source.statement.kind, source.statement.raw)
            proofs = {source.statement.statement_id: encode_proof(source.proof) for source in sources}
            self._vault.keep_disclosures(offer_id, rows, proofs)
            marked = None if offer.marking is None or self._marked_root is None else self._marked_root(offer, rows)
            confirm = TransferConfirm(
                **self._identity.head(TransferConfirm),
                offer=offer_id,
                content_root=offer.content_root,
                marked_root=marked,
            )
            confirmation = self._outbox.submit(f"{offer_id}:confirm", lambda: self._sign(confirm)).statement_id
        else:
            confirmation = placed.id
        # From here on the values alone are held; the sealed key on the ledger opens for nobody any more.
        self._vault.drop_one_time_secret(offer_id)
        self._vault.drop_package(offer.ciphertext)
        self._keep(offer_id, "confirmed")
        return Received(offer_id, confirmation, count)

    def open(self, offer_id: str, offer: TransferOffer) -> tuple[list[Source], list[DisclosedRecord]]:
        """Wait for the release, open the package and check it; raises `DeliveryMismatch` for what is wrong in it."""
        state = wait_for(lambda: self._released(offer_id), "release", self._identity.surroundings, self._patience)
        if state.last is None:
            raise NotInVault(what_kind="release", name=offer_id)
        release = _payload(self._proven(state.last), TransferRelease)
        if release.offer != offer_id:
            raise ProofError(detail="the release is of another hand-over")
        ciphertext, secret = self._vault.package(offer.ciphertext).ciphertext, self._secret(offer_id)
        if ciphertext is None:
            raise NotInVault(what_kind="package", name=offer.ciphertext)
        return open_delivery(ciphertext, release, secret, offer, self._forms)

    def unfinished(self) -> list[str]:
        """Return the offers that were accepted and neither confirmed nor disputed."""
        return [progress.id for progress in self._vault.unfinished(SIDE, ("confirmed", "disputed", "refused"))]

    def _dispute(self, offer_id: str, reason: Reason, detail: str) -> DeliveryDisputed:
        secret = self._secret(offer_id)
        payload = TransferDispute(
            **self._identity.head(TransferDispute),
            offer=offer_id,
            reason=reason,
            one_time_secret=base64url(secret),
        )
        dispute = self._outbox.submit(f"{offer_id}:dispute", lambda: self._sign(payload))
        self._keep(offer_id, "disputed")
        return DeliveryDisputed(offer=offer_id, reason=reason, detail=detail, dispute=dispute.statement_id)

    def _new_key(self, offer_id: str, references: ReferenceSet) -> OneTimeKey:
        secret = self._identity.surroundings.random_bytes(ONE_TIME_KEY_SIZE)
        key = OneTimeKey(offer_id, one_time_public(secret), secret)
        self._vault.keep_one_time_key(key, references)
        return key

    def _secret(self, offer_id: str) -> bytes:
        key = self._vault.one_time_key(offer_id)
        if key is None or key.secret is None:
            raise NotInVault(what_kind="one-time secret", name=offer_id)
        return key.secret

    def _released(self, offer_id: str) -> TransferState | None:
        state = self._client.run(requests.transfer(offer_id))
        if state.status in _ENDED:
            raise TransferEnded(offer=offer_id, status=state.status)
        return state if state.status in _OPEN else None

    def _prove_source(self, source: Source) -> None:
        """Check that the record statement that came with the package stands in the log."""
        self._with_proof(source.statement)

    def _proven(self, statement_id: str) -> Statement:
        statement = self._client.statement(statement_id).statement
        return self._with_proof(statement).statement

    def _with_proof(self, statement: Statement) -> ProvenStatement:
        """Wait until the statement is under a published checkpoint and check its proof."""

        def ask() -> str | None:
            try:
                return self._client.run(requests.proof(statement.statement_id))
            except NotFoundProblem:
                return None

        proof = wait_for(ask, "published proof", self._identity.surroundings, self._patience)
        return prove_statement(statement, proof, self._policy)

    def _sign(self, payload: Payload) -> Statement:
        return self._identity.sign(payload, self._client.audience())

    def _keep(self, offer_id: str, step: str) -> None:
        self._vault.keep_progress(Progress(offer_id, SIDE, offer_id, step, "{}"))


def check_ciphertext(package: bytes, offer: TransferOffer) -> None:
    """Check that the package is the offered one; raises `WrongCiphertext`."""
    if len(package) != offer.size:
        raise WrongCiphertext(detail=f"{len(package)} bytes where {offer.size} were offered")
    if sha256(package).hexdigest() != offer.ciphertext:
        raise WrongCiphertext(detail="its SHA-256 differs")


def open_delivery(
    ciphertext: bytes, release: TransferRelease, secret: bytes, offer: TransferOffer, forms: Forms
) -> tuple[list[Source], list[DisclosedRecord]]:
    """Open what was released and check it against the offer, as receiver or, after a dispute, as arbiter.

    Returns the sources and the checked rows. Raises `DeliveryMismatch` with the reason for the dispute.
    """
    try:
        key = open_key(decode_base64url(release.sealed_key), secret)
    except (SignatureError, FormError) as error:
        raise DeliveryMismatch("undecryptable", str(error)) from error
    try:
        if content_key_commitment(key).hex() != offer.key_commitment:
            raise DeliveryMismatch("undecryptable", "the released key is not the one that was committed to")
        plaintext = open_package(ciphertext, key)
    except (SignatureError, FormError) as error:
        raise DeliveryMismatch("undecryptable", str(error)) from error
    try:
        sources = decode_package(plaintext)
    except FormError as error:
        raise DeliveryMismatch("other", str(error)) from error
    return sources, check_delivery(sources, offer, forms)


def _payload(statement: Statement, payload_type: type[_P]) -> _P:
    payload = decode_payload(statement.kind, statement.payload)
    if not isinstance(payload, payload_type):
        raise ProofError(detail=f"{statement.statement_id} is a {statement.kind}")
    return payload

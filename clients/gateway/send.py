"""The sender's side of a hand-over: prepare, offer, deliver, wait for the acceptance, release.

`send` does all of it. Each step can be called by itself, and any number of times: what was done is in the vault, and a
hand-over that was interrupted anywhere goes on with `resume`. The content key leaves only sealed, in the release, after
the ledger admitted the offer and the receiver accepted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import msgspec

from clients.gateway.checking import check_delivery
from clients.gateway.disclosed import Forms, content_row
from clients.gateway.outbox import Outbox
from clients.gateway.package import encode_package
from clients.gateway.packing import gather
from clients.gateway.sealing import CONTENT_KEY_SIZE, seal_key, seal_package
from clients.gateway.waiting import Patience, TransferEnded, wait_for
from clients.sdk import requests
from clients.sdk.sync_client import Client
from clients.vault.errors import NotInVault
from clients.vault.rows import Package, Progress
from clients.vault.vault import Vault
from ledger.content import content_key_commitment, content_root
from ledger.encoding import base64url, decode_base64url, encode_json
from ledger.kinds.fields import MAX_REFERENCE_STATEMENTS, Payload
from ledger.kinds.transfers import Abroad, TransferCancel, TransferOffer, TransferRelease
from ledger.references import ReferenceSet
from ledger.state.tables import TransferState
from ledger.statement import Statement

SIDE: Final = "send"
CORRELATION_SIZE = 32
MAX_REFERENCES_SIZE = 40_000
"""Bytes of JSON that the references of one offer may take; the rest of the payload has the other 20,000."""
_RANGES_TOGETHER = 1500
"""Ranges of one statement in one offer: at most 20 bytes of JSON each."""
_ENDED = frozenset({"refused", "cancelled"})
_AFTER_RELEASE = frozenset({"released", "confirmed", "disputed"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What to hand over: under which grant, to whom, which fields of which records.

    `deadline` is `YYYY-MM-DDTHH:MM:SSZ`; `disputed` is the part of `references` with an open dispute.
    """

    grant: str
    acceptance: str
    receiver: str
    references: ReferenceSet
    items: dict[str, list[str]]
    purpose: str
    deadline: str
    disputed: ReferenceSet = field(default_factory=ReferenceSet)
    abroad: Abroad | None = None


class _Prepared(msgspec.Struct, frozen=True):
    """What the vault keeps of a prepared hand-over: the whole offer."""

    offer: TransferOffer


@dataclass(frozen=True, slots=True)
class Sent:
    """A hand-over that was released: its offer, the release, and the state the ledger has it in."""

    transfer_id: str
    offer: str
    release: str
    status: str


class Sender:
    """Hands records over for the client's member; see the module."""

    def __init__(self, client: Client, vault: Vault, forms: Forms, patience: Patience | None = None) -> None:
        self._client = client
        self._vault = vault
        self._forms = forms
        self._patience = Patience() if patience is None else patience
        self._outbox = Outbox(client, vault)
        self._identity = client.signing_identity()

    def send(self, delivery: Delivery) -> list[Sent]:
        """Hand everything over and return one result for each offer it took.

        Raises `NotInVault` or `RecordFieldUnknown` before anything is signed, `RefusedProblem` when the ledger refuses
        the offer (nothing was released), `TransferEnded` when the receiver refuses, `StillWaiting` when it is silent.
        """
        transfer_ids = self.prepare(delivery)
        # All offers go out before the first acceptance is waited for.
        for transfer_id in transfer_ids:
            self.offer(transfer_id)
            self.deliver(transfer_id)
        return [self.resume(transfer_id) for transfer_id in transfer_ids]

    def prepare(self, delivery: Delivery) -> list[str]:
        """Pack and seal the records, keep everything in the vault, and return the ids of the prepared hand-overs.

        More than one when the references do not fit one statement; they share a correlation id.
        """
        parts = list(split_references(delivery.references))
        random_bytes = self._identity.surroundings.random_bytes
        correlation = base64url(random_bytes(CORRELATION_SIZE)) if len(parts) > 1 else None
        return [self._prepare(delivery, references, correlation) for references in parts]

    def _prepare(self, delivery: Delivery, references: ReferenceSet, correlation: str | None) -> str:
        sources = gather(self._vault, self._forms, references, delivery.items)
        key = self._identity.surroundings.random_bytes(CONTENT_KEY_SIZE)
        ciphertext = seal_package(encode_package(sources), key)
        digest = sha256(ciphertext).hexdigest()
        transfer_id = self._identity.random_id()
        disputed = delivery.disputed.intersection(references)
        body = {
            **self._identity.head(TransferOffer, transfer_id),
            "kind": "transfer.offer",
            "grant": delivery.grant,
            "acceptance": delivery.acceptance,
            "receiver": delivery.receiver,
            "references": references.to_json(),
            "items": {item: sorted(names) for item, names in delivery.items.items()},
            "purpose": delivery.purpose,
            "content_root": content_root([content_row(row) for source in sources for row in source.rows]).hex(),
            "key_commitment": content_key_commitment(key).hex(),
            "ciphertext": digest,
            "size": len(ciphertext),
            "deadline": delivery.deadline,
        }
        if disputed:
            body["disputed"] = disputed.to_json()
        if correlation is not None:
            body["correlation"] = correlation
        if delivery.abroad is not None:
            body["abroad"] = msgspec.to_builtins(delivery.abroad)
        offer = msgspec.convert(body, TransferOffer)
        # The receiver's own check, made here: what it would dispute is never offered.
        check_delivery(sources, offer, self._forms)
        self._vault.keep_package(Package(digest, ciphertext, key), references)
        self._keep(Progress(transfer_id, SIDE, None, "prepared", _encode(offer)))
        return transfer_id

    def offer(self, transfer_id: str) -> str:
        """Sign and submit the offer; return its id, which names the hand-over on the ledger."""
        progress, offer = self._load(transfer_id)
        if progress.offer is not None:
            return progress.offer
        receipted = self._outbox.submit(f"{transfer_id}:offer", lambda: self._sign(offer))
        self._keep(Progress(transfer_id, SIDE, receipted.statement_id, "offered", progress.detail))
        return receipted.statement_id

    def deliver(self, transfer_id: str) -> None:
        """Put the package into the node's mailbox, after the offer was admitted."""
        progress, offer = self._load(transfer_id)
        if progress.step != "offered":
            return
        self._client.run(requests.put_package(offer.ciphertext, self.ciphertext(transfer_id), offer.receiver))
        self._keep(Progress(transfer_id, SIDE, progress.offer, "delivered", progress.detail))

    def ciphertext(self, transfer_id: str) -> bytes:
        """Return the sealed package, to be carried by another channel than the mailbox."""
        _, offer = self._load(transfer_id)
        package = self._vault.package(offer.ciphertext)
        if package.ciphertext is None:
            raise NotInVault(what_kind="ciphertext", name=offer.ciphertext)
        return package.ciphertext

    def release(self, transfer_id: str) -> str:
        """Seal the content key to the receiver's one-time key and submit the release; return its id.

        Raises `TransferEnded` when it was refused or cancelled, `StillWaiting` when it is not accepted yet.
        """
        progress, offer = self._load(transfer_id)
        offer_id = self._offer_id(progress)
        placed = self._outbox.place(f"{transfer_id}:release")
        if placed is None:
            state = wait_for(
                lambda: self._accepted(offer_id), "acceptance", self._identity.surroundings, self._patience
            )
            key = self._vault.package(offer.ciphertext).content_key
            if key is None or state.receiver_key is None:
                raise NotInVault(what_kind="content key", name=offer.ciphertext)
            sealed = base64url(seal_key(key, decode_base64url(state.receiver_key, 32)))
            payload = TransferRelease(**self._identity.head(TransferRelease), offer=offer_id, sealed_key=sealed)
            released = self._outbox.submit(f"{transfer_id}:release", lambda: self._sign(payload)).statement_id
        else:
            released = placed.id
        self._keep(Progress(transfer_id, SIDE, offer_id, "released", progress.detail))
        return released

    def resume(self, transfer_id: str) -> Sent:
        """Go on with a prepared hand-over from wherever it stands; raises as `send`."""
        offer_id = self.offer(transfer_id)
        self.deliver(transfer_id)
        release = self.release(transfer_id)
        return Sent(transfer_id, offer_id, release, self._state(offer_id).status)

    def finish(self, transfer_id: str) -> str:
        """Wait for the receiver's confirmation or dispute and return which it was.

        After a confirmation package and content key are destroyed here; after a dispute they are kept for the arbiter.
        """
        progress, offer = self._load(transfer_id)
        offer_id = self._offer_id(progress)
        state = wait_for(lambda: self._judged(offer_id), "confirmation", self._identity.surroundings, self._patience)
        if state.status == "confirmed":
            self._vault.drop_package(offer.ciphertext)
        self._keep(Progress(transfer_id, SIDE, offer_id, state.status, progress.detail))
        return state.status

    def cancel(self, transfer_id: str) -> str:
        """Withdraw the offer before its release, destroy the package, and return the id of the cancellation."""
        progress, offer = self._load(transfer_id)
        payload = TransferCancel(
            **self._identity.head(TransferCancel), offer=self._offer_id(progress), reason="withdrawn"
        )
        cancelled = self._outbox.submit(f"{transfer_id}:cancel", lambda: self._sign(payload))
        self._vault.drop_package(offer.ciphertext)
        self._keep(Progress(transfer_id, SIDE, progress.offer, "cancelled", progress.detail))
        return cancelled.statement_id

    def unfinished(self) -> list[str]:
        """Return the ids of the hand-overs that `resume` or `finish` would still move."""
        final = ("confirmed", "disputed", "cancelled", "refused")
        return [progress.id for progress in self._vault.unfinished(SIDE, final)]

    def _accepted(self, offer_id: str) -> TransferState | None:
        state = self._state(offer_id)
        if state.status in _ENDED or state.status in _AFTER_RELEASE:
            raise TransferEnded(offer=offer_id, status=state.status)
        return state if state.status == "accepted" else None

    def _judged(self, offer_id: str) -> TransferState | None:
        state = self._state(offer_id)
        if state.status in _ENDED:
            raise TransferEnded(offer=offer_id, status=state.status)
        return state if state.status in ("confirmed", "disputed") else None

    def _state(self, offer_id: str) -> TransferState:
        return self._client.run(requests.transfer(offer_id))

    def _sign(self, payload: Payload) -> Statement:
        return self._identity.sign(payload, self._client.audience())

    def _load(self, transfer_id: str) -> tuple[Progress, TransferOffer]:
        progress = self._vault.progress(transfer_id)
        if progress is None or progress.side != SIDE:
            raise NotInVault(what_kind="prepared hand-over", name=transfer_id)
        return progress, msgspec.json.decode(progress.detail, type=_Prepared).offer

    def _keep(self, progress: Progress) -> None:
        self._vault.keep_progress(progress)

    def _offer_id(self, progress: Progress) -> str:
        if progress.offer is None:
            raise NotInVault(what_kind="admitted offer", name=progress.id)
        return progress.offer


def _encode(offer: TransferOffer) -> str:
    return msgspec.json.encode(_Prepared(offer)).decode("utf-8")


def split_references(references: ReferenceSet) -> Iterator[ReferenceSet]:
    """Split a set into sets that fit one statement each, in order: at most 800 statements and 40,000 bytes of JSON.

    The ranges of one statement are split too where they do not fit.
    """
    entries: list[tuple[str, tuple[tuple[int, int], ...]]] = []
    size = 0
    for statement_id, ranges in references.entries:
        pieces = [ranges[start : start + _RANGES_TOGETHER] for start in range(0, len(ranges), _RANGES_TOGETHER)] or [()]
        for piece in pieces:
            cost = len(encode_json(ReferenceSet(((statement_id, piece),)).to_json()))
            same = bool(entries) and entries[-1][0] == statement_id
            if entries and (same or size + cost > MAX_REFERENCES_SIZE or len(entries) == MAX_REFERENCE_STATEMENTS):
                yield ReferenceSet(tuple(entries))
                entries, size = [], 0
            entries.append((statement_id, piece))
            size += cost
    if entries:
        yield ReferenceSet(tuple(entries))

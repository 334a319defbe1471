"""Submitting each statement once, whatever is interrupted: signed, kept in the vault, sent, its place noted.

A statement that was kept but whose place is not known is sent again as it is: the ledger answers a duplicate with its
first place. Only when it has grown too old to be taken, and is not in the log, a new one is signed.
"""

from __future__ import annotations

from collections.abc import Callable

from clients.sdk import requests
from clients.sdk.answers import Receipted, StatementInfo, WaitState
from clients.sdk.errors import BusyProblem, NotFoundProblem, RefusedProblem, RemoteProblem
from clients.sdk.sync_client import Client
from clients.vault.rows import Outgoing
from clients.vault.vault import Vault
from ledger.statement import Statement, decode_statement

RESEND_AGE = 540
"""Seconds after which a kept statement is looked up before it is sent again; nodes take none older than 600."""


class Outbox:
    """Submits through `client`, keeping in `vault` under a name what was signed."""

    def __init__(self, client: Client, vault: Vault) -> None:
        self._client = client
        self._vault = vault

    def submit(self, name: str, make: Callable[[], Statement], wait: WaitState = "published") -> Receipted:
        """Submit what was kept under `name`, or what `make` signs now; raises as `Client.submit`.

        A statement that the ledger turned away is forgotten, so that the next attempt signs a new one.
        """
        kept = self._vault.outgoing(name)
        if kept is not None and kept.log_index is not None:
            return Receipted(kept.id, kept.log_index, "admitted", "integrated", kept.log_index + 1)
        if kept is not None and self._is_old(kept):
            info = self._find(kept.id)
            kept = self._settle(kept, info) if info is not None else None
            if kept is not None and kept.log_index is not None:
                return Receipted(kept.id, kept.log_index, "admitted", "integrated", kept.log_index + 1)
        if kept is None:
            statement = make()
            self._vault.put_outgoing(name, statement.statement_id, statement.raw)
            kept = Outgoing(name, statement.statement_id, statement.raw, None)
        return self._send(kept, wait)

    def place(self, name: str) -> Outgoing | None:
        """Return what was submitted under `name` and has its place, None otherwise."""
        kept = self._vault.outgoing(name)
        return kept if kept is not None and kept.log_index is not None else None

    def _send(self, kept: Outgoing, wait: WaitState) -> Receipted:
        try:
            receipted = self._client.submit(kept.raw, wait)
        except BusyProblem:
            raise
        except RemoteProblem:
            self._vault.drop_outgoing(kept.name)
            raise
        if receipted.status == "duplicate":
            info = self._find(kept.id)
            if info is not None:
                self._settle(kept, info)
        self._vault.keep_statement(kept.id, decode_statement(kept.raw).kind, kept.raw)
        self._vault.set_outgoing_place(kept.name, receipted.index)
        return receipted

    def _settle(self, kept: Outgoing, info: StatementInfo) -> Outgoing:
        """Take over the place of a statement found in the log; raises `RefusedProblem` when it was refused."""
        if info.rule is not None:
            self._vault.drop_outgoing(kept.name)
            detail = f"{info.rule}: it was refused at index {info.index}"
            raise RefusedProblem(403, {"rule": info.rule, "id": kept.id, "index": info.index, "detail": detail})
        self._vault.set_outgoing_place(kept.name, info.index)
        return Outgoing(kept.name, kept.id, kept.raw, info.index)

    def _find(self, statement_id: str) -> StatementInfo | None:
        try:
            return self._client.run(requests.statement_info(statement_id))
        except NotFoundProblem:
            return None

    def _is_old(self, kept: Outgoing) -> bool:
        now = self._client.signing_identity().surroundings.now_s()
        return now - decode_statement(kept.raw).iat > RESEND_AGE

"""A story that the gateway's tests share: a source with records in its vault, a grant to a lender, a node between."""

from __future__ import annotations

from pathlib import Path

from clients.gateway.forms import CatalogueForms, forms_from
from clients.gateway.receive import Receiver
from clients.gateway.records import Attributes, LinkingKey, LinkingKeys, NewRecord
from clients.gateway.send import Delivery, Sender
from clients.gateway.source import RecordSource
from clients.gateway.waiting import Patience
from clients.sdk.sync_client import Client
from clients.vault.vault import Vault
from ledger.codes import fictional_resident_number, fictional_uscc
from ledger.commitment import FieldValue
from ledger.references import Reference, ReferenceSet
from ledger.times import format_time
from tests.clients.simulated_node import SimulatedNode
from tests.world import START_MS
from tests.world_genesis import BASIS, NODES, uscc_of

DAY_MS = 86_400_000
LINKING = LinkingKeys(LinkingKey(1, bytes([1]) * 32), LinkingKey(1, bytes([2]) * 32))
PERSON_FIELDS = ["amount", "duration", "existing_credits"]
IMPATIENT = Patience(total=1.0, first=0.5, longest=0.5)
ATTRIBUTES = Attributes("2026-02-20", "2028-02-20")


class Story:
    """One node; a source, a hub and a lender with a client and a vault each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.node = SimulatedNode()
        self.policy = self.node.policy()
        self.clients = {name: self.node.client(name, attempts=3) for name in ("source", "hub", "lender")}
        self.vaults = {name: Vault(str(folder / f"{name}.db")) for name in self.clients}
        self.forms: CatalogueForms = forms_from(self.clients["source"])

    def close(self) -> None:
        for vault in self.vaults.values():
            vault.close()
        for client in self.clients.values():
            client.close()

    def source(self) -> RecordSource:
        nodes: list[Client] = [self.node.client("source", node) for node in NODES]
        return RecordSource(self.clients["source"], self.vaults["source"], self.forms, LINKING, nodes)

    def sender(self, name: str = "source") -> Sender:
        return Sender(self.clients[name], self.vaults[name], self.forms, IMPATIENT)

    def receiver(self, name: str = "lender") -> Receiver:
        return Receiver(self.clients[name], self.vaults[name], self.forms, self.policy, IMPATIENT)

    def batch(self, count: int = 12) -> str:
        """Make a batch of persons' records; return its id."""
        rows = [person(number) for number in range(count)]
        return self.source().submit_batch("credit_person", 1, rows, ATTRIBUTES, held_by=3).statement_id

    def penalty(self) -> str:
        """Make one record on an enterprise; return its id."""
        values = {"CF_XDR_MC": "Example Company", "CF_WSH": "No 1", "CF_NR": "fine", "CF_JDRQ": "2026-02-20"}
        new = NewRecord("enterprise", fictional_uscc(77), values)
        attributes = Attributes("2026-02-20", "2028-02-20", severity="general", basis=BASIS)
        return self.source().submit_record("penalty", 1, new, attributes).statement_id

    def grant(
        self, items: dict[str, list[str]], onward: int = 0, grantee: str = "lender", **more: object
    ) -> tuple[str, str]:
        """Issue and accept a grant; return the ids of both."""
        issued = self.node.world.sign(
            str(more.pop("grantor", "source")),
            "grant.issue",
            {
                "grantee": uscc_of(grantee),
                "scope": {
                    "issuers": [uscc_of("source")],
                    "items": {item: sorted(names) for item, names in items.items()},
                    "purpose": "credit.lending",
                    "mode": "store",
                    "onward": onward,
                    "jurisdictions": ["CN"],
                },
                "valid_from": "2026-01-01T00:00:00Z",
                "valid_until": "2027-01-01T00:00:00Z",
                "data_life": 90,
                "basis": {"rank": "law", "document": "Example Law", "article": "1"},
                **more,
            },
        )
        outcome = self.node.run(issued)[0]
        assert outcome.status == "admitted", outcome.error
        accepted = self.node.run(self.node.world.sign(grantee, "grant.accept", {"grant": outcome.statement_id}))[0]
        assert accepted.status == "admitted", accepted.error
        return outcome.statement_id, accepted.statement_id

    def delivery(
        self, grant: tuple[str, str], references: ReferenceSet, items: dict[str, list[str]], receiver: str = "lender"
    ) -> Delivery:
        return Delivery(
            grant=grant[0],
            acceptance=grant[1],
            receiver=uscc_of(receiver),
            references=references,
            items=items,
            purpose="credit.lending",
            deadline=format_time(START_MS + 5 * DAY_MS),
        )


def person(number: int) -> NewRecord:
    """Return a record of a fictional person."""
    values: dict[str, FieldValue] = {
        "duration": 12 + number,
        "amount": 1000 * number,
        "sex_status": "A91",
        "existing_credits": 1,
    }
    return NewRecord("person", fictional_resident_number(number), values)


def rows(statement_id: str, *numbers: int) -> ReferenceSet:
    """Return a set of batch rows, or the one record of a statement without numbers."""
    if not numbers:
        return ReferenceSet.of([Reference(statement_id)])
    return ReferenceSet.of(Reference(statement_id, number) for number in numbers)

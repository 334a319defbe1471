"""A hand-over over a real node: one call a side, the node killed and started again in between, and a wrong delivery."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clients.gateway.forms import forms_from
from clients.gateway.receive import DeliveryDisputed, Receiver
from clients.gateway.records import Attributes, LinkingKey, LinkingKeys, NewRecord
from clients.gateway.send import Delivery, Sender
from clients.gateway.source import RecordSource
from clients.gateway.waiting import Patience
from clients.sdk import requests
from clients.sdk.errors import AccessProblem, RefusedProblem
from clients.sdk.heads import FileHeadStore
from clients.sdk.identity import Identity
from clients.sdk.light_client import follow
from clients.sdk.sync_client import Client
from clients.vault.erasure import erase
from clients.vault.rows import Package
from clients.vault.vault import Vault
from ledger.codes import fictional_resident_number
from ledger.commitment import FieldValue
from ledger.kinds.fields import LegalBasis
from ledger.kinds.grants import GrantAccept, GrantIssue, ScopeJson
from ledger.notes.policy import Policy
from ledger.references import Reference, ReferenceSet
from ledger.times import DAY_MS, day_of, format_time
from tests.node.founding import found_node
from tests.node.node_process import NodeProcess, running_node
from tests.world_genesis import signer_of, uscc_of

LINKING = LinkingKeys(persons=LinkingKey(1, bytes(range(32))))
FIELDS = {"credit_person": ["amount", "duration"]}
PATIENCE = Patience(total=30, first=0.05, longest=0.2)
ROWS = 200


def now_ms() -> int:
    return int(time.time() * 1000)


@dataclass
class Side:
    """One member with its client, vault and gateway."""

    name: str
    folder: Path
    url: str
    client: Client = field(init=False)
    vault: Vault = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client(self.url, identity=Identity(uscc_of(self.name), signer_of(self.name)))
        self.vault = Vault(str(self.folder / f"{self.name}.db"))

    def sender(self) -> Sender:
        return Sender(self.client, self.vault, forms_from(self.client), PATIENCE)

    def receiver(self) -> Receiver:
        policy = Policy.parse((self.folder / "node" / "policy.txt").read_text())
        return Receiver(self.client, self.vault, forms_from(self.client), policy, PATIENCE)

    def close(self) -> None:
        self.vault.close()
        self.client.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found_node(tmp_path / "node")
    return tmp_path


@pytest.fixture
def node(folder: Path) -> Iterator[NodeProcess]:
    with running_node(folder / "node") as process:
        yield process


@pytest.fixture
def sides(folder: Path, node: NodeProcess) -> Iterator[tuple[Side, Side]]:
    made = Side("source", folder, node.url), Side("lender", folder, node.url)
    yield made
    for side in made:
        side.close()


def make_batch(source: Side, count: int = ROWS) -> str:
    """Make a batch of fictional persons' records; return its id."""
    rows = []
    for number in range(count):
        values: dict[str, FieldValue] = {"duration": 12, "amount": 100 * number, "sex_status": "A91"}
        rows.append(NewRecord("person", fictional_resident_number(number), values))
    attributes = Attributes(day_of(now_ms()), day_of(now_ms() + 365 * DAY_MS))
    records = RecordSource(source.client, source.vault, forms_from(source.client), LINKING)
    return records.submit_batch("credit_person", 1, rows, attributes).statement_id


def make_grant(source: Side, lender: Side) -> tuple[str, str]:
    """Issue and accept a grant; return the ids of both."""
    issuer, accepter = source.client.signing_identity(), lender.client.signing_identity()
    scope = ScopeJson(
        issuers=[issuer.member], items=FIELDS, purpose="credit.lending", mode="store", onward=0, jurisdictions=["CN"]
    )
    issue = GrantIssue(
        **issuer.head(GrantIssue),
        grantee=accepter.member,
        scope=scope,
        valid_from=format_time(now_ms()),
        valid_until=format_time(now_ms() + 30 * DAY_MS),
        data_life=30,
        basis=LegalBasis(rank="law", document="Example Law", article="1"),
    )
    issued = source.client.sign_and_submit(issue)
    acceptance = GrantAccept(**accepter.head(GrantAccept), grant=issued.statement_id)
    return issued.statement_id, lender.client.sign_and_submit(acceptance).statement_id


def delivery_of(grant: tuple[str, str], batch: str, fields: dict[str, list[str]] | None = None) -> Delivery:
    return Delivery(
        grant=grant[0],
        acceptance=grant[1],
        receiver=uscc_of("lender"),
        references=ReferenceSet.of(Reference(batch, row) for row in (*range(50), 77, ROWS - 1)),
        items=FIELDS if fields is None else fields,
        purpose="credit.lending",
        deadline=format_time(now_ms() + DAY_MS),
    )


def test_one_call_a_side(sides: tuple[Side, Side], folder: Path) -> None:
    source, lender = sides
    batch = make_batch(source)
    grant = make_grant(source, lender)
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(lambda: source.sender().send(delivery_of(grant, batch)))
        receiver = lender.receiver()
        until = time.monotonic() + 30
        while not (offers := receiver.pending()):
            assert time.monotonic() < until, "no offer came"
            time.sleep(0.05)
        received = receiver.receive(offers[0])
        [sent] = sending.result(timeout=30)
    assert received.records == 52
    assert source.sender().finish(sent.transfer_id) == "confirmed"
    state = lender.client.run(requests.transfer(sent.offer))
    assert (state.status, state.sender, state.receiver) == ("confirmed", uscc_of("source"), uscc_of("lender"))
    arrived = lender.vault.disclosed(sent.offer, batch)
    own = {record.reference: record for record in source.vault.records_of(batch, ((0, ROWS - 1),))}
    for row in arrived:
        assert {name: value for name, _, value in row.fields} == {
            name: own[row.reference].values[name] for name in FIELDS["credit_person"]
        }
    policy = Policy.parse((folder / "node" / "policy.txt").read_text())
    head = follow(lender.client, policy, FileHeadStore(folder / "head"))
    assert head.checkpoint.size > lender.client.verified_statement(sent.release, policy).index
    erased = erase(lender.vault, ReferenceSet.of(row.reference for row in arrived))
    assert erased.disclosures == 52
    assert lender.vault.disclosed(sent.offer, batch) == []


def test_an_interrupted_hand_over_goes_on_where_it_stopped(folder: Path) -> None:
    with running_node(folder / "node") as node:
        source, lender = Side("source", folder, node.url), Side("lender", folder, node.url)
        batch = make_batch(source)
        [transfer_id] = source.sender().prepare(delivery_of(make_grant(source, lender), batch))
        offer = source.sender().offer(transfer_id)
        source.sender().deliver(transfer_id)
        lender.receiver().accept(offer)
        source.close()
        lender.close()
        # The whole node dies without a word; both programs are gone as well.
        os.killpg(node.process.pid, signal.SIGKILL)
        node.process.wait()
    with running_node(folder / "node") as node:
        source, lender = Side("source", folder, node.url), Side("lender", folder, node.url)
        assert source.sender().unfinished() == [transfer_id]
        assert lender.receiver().unfinished() == [offer]
        again = source.sender().resume(transfer_id)
        assert again.offer == offer
        assert lender.receiver().receive(offer).records == 52
        assert source.sender().finish(transfer_id) == "confirmed"
        source.close()
        lender.close()


def test_a_wrong_delivery_is_disputed_and_the_dispute_is_on_the_ledger(sides: tuple[Side, Side]) -> None:
    source, lender = sides
    batch = make_batch(source)
    sender, receiver = source.sender(), lender.receiver()
    [transfer_id] = sender.prepare(delivery_of(make_grant(source, lender), batch))
    offer = sender.offer(transfer_id)
    receiver.accept(offer, sender.ciphertext(transfer_id))
    # The sender releases another key than the one it committed to.
    payload = receiver.offer(offer)
    package = source.vault.package(payload.ciphertext)
    source.vault.keep_package(Package(package.digest, package.ciphertext, b"x" * 32), ReferenceSet())
    sender.release(transfer_id)
    with pytest.raises(DeliveryDisputed) as caught:
        receiver.confirm(offer)
    assert caught.value.params["reason"] == "undecryptable"
    assert sender.finish(transfer_id) == "disputed"
    assert lender.client.run(requests.transfer(offer)).status == "disputed"


def test_more_than_granted_is_refused_and_nobody_else_reads_it(sides: tuple[Side, Side], folder: Path) -> None:
    source, lender = sides
    batch = make_batch(source)
    grant = make_grant(source, lender)
    too_much = delivery_of(grant, batch, {"credit_person": ["amount", "sex_status"]})
    with pytest.raises(RefusedProblem) as caught:
        source.sender().send(too_much)
    assert caught.value.rule == "TRA-2"
    assert caught.value.index is not None
    stranger = Side("service", folder, source.url)
    with pytest.raises(AccessProblem):
        stranger.client.statement(batch)
    stranger.close()

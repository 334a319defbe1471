"""Erasing everywhere: a value that every store gave away before is in none of them afterwards, and all proofs hold.

The value goes from the source's vault through packages and the node's mailbox into the receiver's vault. One hand-over
is confirmed; another stays at its release, so that package, content key and one-time key are still about.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import select

from clients.gateway.erasing import erase_records
from clients.gateway.forms import forms_from
from clients.gateway.records import Attributes, LinkingKey, LinkingKeys, NewRecord
from clients.gateway.sealing import KeyUnopened, PackageUnopened, open_key, open_package
from clients.gateway.send import Delivery
from clients.gateway.source import RecordSource
from clients.sdk import requests
from clients.sdk.verification import ProvenStatement, prove_statement
from clients.vault.schema import metadata, outbox
from ledger.codes import fictional_uscc
from ledger.commitment import record_commitment
from ledger.encoding import decode_base64url
from ledger.kinds import decode_payload
from ledger.kinds.erasures import ErasureAttest, ErasureRequest
from ledger.kinds.grants import GrantAccept, GrantIssue, ScopeJson
from ledger.kinds.records import RecordSubmit
from ledger.kinds.transfers import TransferRelease
from ledger.notes.policy import Policy
from ledger.references import Reference, ReferenceSet
from ledger.times import DAY_MS, day_of, format_time
from tests.e2e.test_handover import Side, now_ms
from tests.node.founding import found_node
from tests.node.node_process import running_node
from tests.world_genesis import BASIS, MEMBERS, seed_of, uscc_of

MARK = "recognisable-9f3a-value-of-one-record"
FIELDS = {"penalty": ["CF_NR", "CF_WSH"]}
LINKING = LinkingKeys(organisations=LinkingKey(1, bytes(range(32))))
KEY_SIZE = 32
DESTROYED = ["content_keys", "disclosed_salts", "one_time_keys", "packages", "record_keys", "values"]


@dataclass
class Stage:
    """Both sides after the hand-overs: one confirmed, one released; `secrets` is everything that must go."""

    folder: Path
    source: Side
    lender: Side
    record: str
    confirmed: str
    released: str
    package: bytes
    digest: str
    secrets: dict[str, bytes]

    @property
    def references(self) -> ReferenceSet:
        return ReferenceSet.of([Reference(self.record)])

    @property
    def policy(self) -> Policy:
        return Policy.parse((self.folder / "node" / "policy.txt").read_text())

    def payload(self, statement_id: str) -> object:
        """Return the payload of a logged statement."""
        found = self.source.client.statement(statement_id).statement
        return decode_payload(found.kind, found.payload)

    def ids(self) -> list[str]:
        """Return the ids of all statements that both sides submitted through their outboxes."""
        found: set[str] = set()
        for side in (self.source, self.lender):
            with side.vault.engine.connect() as connection:
                found |= set(connection.execute(select(outbox.c.id)).scalars())
        return sorted(found)

    def sealed_key(self) -> bytes:
        """Return the sealed content key of the second hand-over as the ledger has it."""
        payloads = (self.payload(statement_id) for statement_id in self.ids())
        [release] = [one for one in payloads if isinstance(one, TransferRelease) and one.offer == self.released]
        return decode_base64url(release.sealed_key)

    def stores(self) -> dict[str, bytes]:
        """Return every byte on disk: both vaults with their logs, and everything of the node."""
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}


def grant(source: Side, lender: Side) -> tuple[str, str]:
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
    )
    issued = source.client.sign_and_submit(issue).statement_id
    accept = GrantAccept(**accepter.head(GrantAccept), grant=issued)
    return issued, lender.client.sign_and_submit(accept).statement_id


def hand_over(stage: tuple[Side, Side], given: tuple[str, str], record: str) -> tuple[str, str]:
    """Prepare, offer, deliver, accept and release; return the hand-over's id here and its offer."""
    source, lender = stage
    delivery = Delivery(
        grant=given[0],
        acceptance=given[1],
        receiver=uscc_of("lender"),
        references=ReferenceSet.of([Reference(record)]),
        items=FIELDS,
        purpose="credit.lending",
        deadline=format_time(now_ms() + DAY_MS),
    )
    [transfer_id] = source.sender().prepare(delivery)
    offer = source.sender().offer(transfer_id)
    source.sender().deliver(transfer_id)
    lender.receiver().accept(offer)
    source.sender().release(transfer_id)
    return transfer_id, offer


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("erasing")
    found_node(folder / "node")
    with running_node(folder / "node") as node:
        source, lender = Side("source", folder, node.url), Side("lender", folder, node.url)
        records = RecordSource(source.client, source.vault, forms_from(source.client), LINKING)
        new = NewRecord("enterprise", fictional_uscc(77), {"CF_NR": MARK, "CF_WSH": "No 1"})
        days = (day_of(now_ms()), day_of(now_ms() + 365 * DAY_MS))
        attributes = Attributes(*days, severity="general", basis=BASIS)
        record = records.submit_record("penalty", 1, new, attributes).statement_id
        given = grant(source, lender)
        first, confirmed = hand_over((source, lender), given, record)
        lender.receiver().confirm(confirmed)
        assert source.sender().finish(first) == "confirmed"
        _, released = hand_over((source, lender), given, record)
        digest = lender.receiver().offer(released).ciphertext
        package = (folder / "node" / "mailbox" / digest).read_bytes()
        made = Stage(folder, source, lender, record, confirmed, released, package, digest, {})
        made.secrets = secrets_of(made)
        yield made
        source.close()
        lender.close()


def secrets_of(stage: Stage) -> dict[str, bytes]:
    """Return what must be destroyed, as it stands in the stores."""
    own = stage.source.vault.record(Reference(stage.record))
    content_key = stage.source.vault.package(stage.digest).content_key
    one_time = stage.lender.vault.one_time_key(stage.released)
    [arrived] = stage.lender.vault.disclosed(stage.confirmed, stage.record)
    assert content_key is not None
    assert one_time is not None
    assert one_time.secret is not None
    salts = {f"salt of {name}": salt for name, salt, _ in arrived.fields}
    return {
        "value": MARK.encode(), "record key": own.record_key, "content key": content_key,
        "one-time key": one_time.secret, "package": stage.package[:64], **salts,
    }  # fmt: skip


def every_form(secret: bytes) -> Iterator[bytes]:
    """Yield the forms in which a program might have written it."""
    yield from (secret, secret.hex().encode(), secret.hex().upper().encode(), secret[::-1])
    for skipped in range(3):
        # What stands before it shifts base64 by up to two characters; the middle is the same.
        text = base64.b64encode(bytes(skipped) + secret)[4 * (skipped > 0) : -4]
        yield from (text, text.replace(b"+", b"-").replace(b"/", b"_"))
    if secret.isascii():
        yield from (secret.decode().encode("utf-16-le"), secret.decode().encode("utf-16-be"))


def found_in(stage: Stage, secret: bytes) -> set[str]:
    """Return the names of the files that hold a secret in any form."""
    forms = list(every_form(secret))
    return {name for name, data in stage.stores().items() if any(form in data for form in forms)}


def remaining_keys(stage: Stage) -> set[bytes]:
    """Return everything that could be a key: all members' seeds, and 32 bytes at each place of each vault value."""
    keys = {seed_of(label) for name in MEMBERS for label in (name, f"x25519:{name}")}
    for side in (stage.source, stage.lender):
        with side.vault.engine.connect() as connection:
            values = [
                value for table in metadata.sorted_tables for row in connection.execute(select(table)) for value in row
            ]
        for value in values:
            if isinstance(value, bytes):
                keys |= {value[at : at + KEY_SIZE] for at in range(len(value) - KEY_SIZE + 1)}
            elif isinstance(value, str) and len(value) == 2 * KEY_SIZE:
                keys.add(bytes.fromhex(value))
    return keys


def opens(package: bytes, sealed: bytes, key: bytes) -> bool:
    """Whether a key opens the package, by itself or through the sealed key."""
    candidates = [key]
    with suppress(KeyUnopened):
        candidates.append(open_key(sealed, key))
    for candidate in candidates:
        try:
            return MARK.encode() in open_package(package, candidate)
        except PackageUnopened:
            continue
    return False


def erase_everywhere(stage: Stage) -> list[str]:
    """Ask for the erasure, destroy on both sides and in the mailbox, and attest; return the statements."""
    issuer = stage.source.client.signing_identity()
    wanted = ErasureRequest(**issuer.head(ErasureRequest), references=[(stage.record, [])], ground="retention")
    asked = stage.source.client.sign_and_submit(wanted).statement_id
    told = [asked]
    for side in (stage.source, stage.lender):
        erased = erase_records(side.vault, forms_from(side.client), stage.references)
        assert erased.packages
        identity = side.client.signing_identity()
        attest = ErasureAttest(**identity.head(ErasureAttest), request=asked, destroyed=DESTROYED)  # type: ignore[arg-type]  # the literals of the kind
        told.append(side.client.sign_and_submit(attest).statement_id)
    stage.source.client.run(requests.delete_package(stage.digest))
    return told


@dataclass
class Told:
    """What was so before everything was erased, and the statements of the erasure."""

    places: dict[str, set[str]]
    opened: bool
    key_opened: bool
    keys: set[bytes]
    committed: bool
    sealed: bytes
    proofs: dict[str, ProvenStatement]
    erasing: list[str]


@pytest.fixture(scope="module")
def told(stage: Stage) -> Told:
    """Look into every store with its keys, then erase everywhere."""
    secrets, sealed = stage.secrets, stage.sealed_key()
    own = stage.source.vault.record(Reference(stage.record))
    submitted = stage.payload(stage.record)
    assert isinstance(submitted, RecordSubmit)
    commitment = record_commitment(forms_from(stage.source.client)("penalty", 1), own.record_key, own.values)
    client = stage.source.client
    return Told(
        places={name: found_in(stage, secret) for name, secret in secrets.items()},
        opened=opens(stage.package, sealed, secrets["content key"]),
        key_opened=opens(stage.package, sealed, secrets["one-time key"]),
        keys=remaining_keys(stage),
        committed=commitment.hex() == submitted.commitment,
        sealed=sealed,
        proofs={statement_id: client.verified_statement(statement_id, stage.policy) for statement_id in stage.ids()},
        erasing=erase_everywhere(stage),
    )


def test_every_store_gave_the_value_away_before(stage: Stage, told: Told) -> None:
    def holds(name: str, file: str) -> bool:
        return any(found.startswith(file) for found in told.places[name])

    for name in ("value", "record key", "content key", "package"):
        assert holds(name, "source.db"), name
    for name in ("value", "salt of CF_NR", "one-time key", "package"):
        assert holds(name, "lender.db"), name
    assert holds("package", f"node/mailbox/{stage.digest}")
    # The node never had more than the sealed package; with either key that package opens.
    assert not holds("value", "node/")
    assert told.opened
    assert told.key_opened
    assert {stage.secrets["content key"], stage.secrets["one-time key"], stage.secrets["record key"]} <= told.keys
    # And whoever has the record key can show that the commitment is of this value.
    assert told.committed


def test_afterwards_no_store_has_it(stage: Stage, told: Told) -> None:
    assert not (stage.folder / "node" / "mailbox" / stage.digest).exists()
    names = set(stage.stores())
    assert {"source.db", "lender.db", "node/ledger.db"} <= names
    assert any(name.endswith(".db-wal") for name in names)
    assert any(name.startswith("node/logs/") for name in names)
    for name, secret in stage.secrets.items():
        assert found_in(stage, secret) == set(), name


def test_no_key_that_is_left_opens_a_copy_of_the_package(stage: Stage, told: Told) -> None:
    keys = remaining_keys(stage)
    assert len(keys) > 500
    assert not keys & set(stage.secrets.values())
    assert not [key for key in keys if opens(stage.package, told.sealed, key)]


def test_every_old_proof_still_verifies(stage: Stage, told: Told) -> None:
    client = stage.source.client
    assert len(told.proofs) >= 8
    for statement_id, proven in told.proofs.items():
        again = client.statement(statement_id).statement
        assert again.raw == proven.statement.raw
        assert prove_statement(again, proven.proof, stage.policy).index == proven.index
        assert client.verified_statement(statement_id, stage.policy).index == proven.index
    for statement_id in told.erasing:
        assert client.verified_statement(statement_id, stage.policy).index > max(
            proven.index for proven in told.proofs.values()
        )
    for side in (stage.source, stage.lender):
        answer = cast("dict[str, list[dict[str, str]]]", side.client.run(requests.duties()).answer)
        assert {duty["status"] for duty in answer["duties"] if duty["kind"] == "erase"} == {"met"}

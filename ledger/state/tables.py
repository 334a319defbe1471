"""The state tables: what a row of each holds, and its deterministic bytes.

A row is found by (table, anchor, suffix). The anchor is the id of the statement the row hangs on, so that a
store may key it by log index; "" anchors the small tables that every node keeps in memory (RESIDENT).
The suffix tells rows of one anchor apart. A stored value is the deterministic CBOR of the struct's fields in
order; the state digest covers exactly these bytes (docs/spec/state.md).
"""

from __future__ import annotations

from typing import Literal

import cbor2
import msgspec

from ledger.kinds.contracts import Instalment, Milestone
from ledger.kinds.fields import Carrier, Jwk, Money
from ledger.kinds.genesis import Catalogue, Node, Policy
from ledger.kinds.grants import Escrow, ScopeJson
from ledger.kinds.transfers import Abroad, Marking
from ledger.state import authority_tables as authority
from ledger.state import case_tables as cases
from ledger.state import governance_tables as governance
from ledger.state import publication_tables as publication
from ledger.state.row import Ranges, ReferenceRows, StateRow, Table, V

__all__ = ["Ranges", "ReferenceRows", "StateRow", "Table", "V"]
"""What `ledger.state.row` defines and everybody imports from here, beside the rows and tables below."""


class MemberState(StateRow, frozen=True, kw_only=True):
    """A member and its standing. Anchor "", suffix its USCC."""

    uscc: str
    name_zh: str
    name_en: str
    roles: tuple[str, ...]
    jurisdiction: str
    status: Literal["active", "suspended", "dissolved"]
    encryption: Jwk | None = None


class KeyState(StateRow, frozen=True, kw_only=True):
    """A member's key. Anchor "", suffix the kid in base64url. Times are block times in ms.

    Live at time t and index i when active_from <= t, retires_at is None or t < retires_at, and it is not revoked.
    `replaced_by` is the kid that takes over at `retires_at`.
    """

    member: str
    use: Literal["sign", "encrypt"]
    key: Jwk
    kinds: tuple[str, ...] | None
    active_from: int
    added_index: int
    retires_at: int | None = None
    replaced_by: str | None = None
    revoked_index: int | None = None
    revoked_at: int | None = None
    suspect_from: int | None = None
    cancelled: bool = False


class NodeState(StateRow, frozen=True, kw_only=True):
    """A node as governance knows it. Anchor "", suffix its name."""

    node: Node
    active: bool


class CatalogueState(StateRow, frozen=True, kw_only=True):
    """A published catalogue version. Anchor "", suffix the version in decimal; "" is the one in force."""

    catalogue: Catalogue
    index: int


class PolicyState(StateRow, frozen=True, kw_only=True):
    """The policy in force. Anchor "", suffix ""."""

    policy: Policy
    index: int


class RecordState(StateRow, frozen=True, kw_only=True):
    """A record, or a batch when count > 0. Anchor its statement id, suffix "".

    `commitment` is the record commitment, or the batch root. `subject_value` is "" for a batch.
    `replaces` is the reference this version corrects, "" for an original.
    """

    issuer: str
    item: str
    catalogue: int
    subject_class: str
    subject_value: str
    epoch: int
    commitment: str
    count: int
    manifest: str
    event_day: str
    retention_end: str
    severity: str | None
    index: int
    time: int
    replaces: str = ""
    performance: str | None = None


class EndedState(StateRow, frozen=True, kw_only=True):
    """A record or row that may no longer be handed over. Anchor the record's id, suffix `row_suffix(row)`.

    `time` is the block time (ms) of the statement `by` that ended it.
    """

    how: Literal["corrected", "withdrawn", "stopped", "erased"]
    by: str
    index: int
    time: int = 0


class Holding(StateRow, frozen=True, kw_only=True):
    """One hop (a transfer.offer, under `grant`) that gave `ranges` of a record list; over when `ended_index` is set."""

    ranges: Ranges
    hop: str
    since_index: int
    since: int
    life_end: int
    ended_index: int | None = None
    grant: str = ""


class HoldingState(StateRow, frozen=True, kw_only=True):
    """All holdings of one member in one record list. Anchor the record's id, suffix the holder's USCC."""

    entries: tuple[Holding, ...]


class ContractState(StateRow, frozen=True, kw_only=True):
    """A contract in its present terms. Anchor the id of contract.register, suffix "".

    `paid` is what the supplier got so far in minor units, refunds taken off.
    """

    contract: str
    registrant: str
    buyer: str
    supplier: str
    value: Money
    milestones: tuple[Milestone, ...]
    plan: tuple[Instalment, ...]
    closed: str | None
    index: int
    sum_finding: bool = False
    paid: int = 0


class MilestoneState(StateRow, frozen=True, kw_only=True):
    """The last claim and the verifications of one milestone. Anchor the contract, suffix "m:" + milestone id."""

    status: str
    amount: int | None
    claimed_by: str
    claim: str
    verified: tuple[tuple[str, str, int | None, str], ...] = ()
    unverified_finding: bool = False


class PaymentState(StateRow, frozen=True, kw_only=True):
    """One payment, a refund as a negative amount. Anchor the contract, suffix "p:" + payment id."""

    amount: int
    statement: str
    index: int


class AgreementState(StateRow, frozen=True, kw_only=True):
    """An amendment or closing that one party signed. Anchor its statement id, suffix ""."""

    contract: str
    by: str
    terms: str
    agreed_by: str | None


class VerificationState(StateRow, frozen=True, kw_only=True):
    """A contract.verify, so that records may cite it (CON-6). Anchor its statement id, suffix ""."""

    contract: str
    verifier: str


class RequestState(StateRow, frozen=True, kw_only=True):
    """A grant.request. Anchor its statement id, suffix ""."""

    requester: str
    grantor: str
    answered: str | None


class Revocation(StateRow, frozen=True, kw_only=True):
    """When a grant ended, by which statement and whom."""

    at: int
    by: str
    member: str
    index: int


class GrantState(StateRow, frozen=True, kw_only=True):
    """A grant. Anchor the id of grant.issue, suffix "". Times in ms; ancestors nearest first.

    `scope.references` holds what grant.extend added, too.
    """

    grantor: str
    grantee: str
    deliverer: str | None
    scope: ScopeJson
    valid_from: int
    valid_until: int
    data_life: int
    ancestors: tuple[str, ...]
    statutory: bool
    carriers: tuple[Carrier, ...]
    sender_seed: str | None
    code_key: str | None
    index: int
    accepted: str | None = None
    accepted_index: int | None = None
    receiver_seed: str | None = None
    revoked: Revocation | None = None
    escrow: Escrow | None = None


class AcceptanceState(StateRow, frozen=True, kw_only=True):
    """A grant.accept and the grant it takes. Anchor its statement id, suffix ""."""

    grant: str


class ReleasedState(StateRow, frozen=True, kw_only=True):
    """One holder under a grant, its subtree included (GRA-6). Anchor the grant, suffix the holder's USCC.

    `last` is the newest hand-over released to it, `life_end` the end (ms) of the longest data life.
    """

    last: str
    releases: int
    life_end: int


class HandedState(StateRow, frozen=True, kw_only=True):
    """One release to a holder under a grant, its subtree included. Anchor the grant, suffix `handed_suffix`."""

    offer: str


class CancelledState(StateRow, frozen=True, kw_only=True):
    """A hand-over cancelled after its release, by which statement at block time `time` (ms). Anchor its offer."""

    by: str
    time: int


class MarkState(StateRow, frozen=True, kw_only=True):
    """A marking number in use (TRA-12). Anchor the grant, suffix the number in decimal."""

    offer: str


class UsageState(StateRow, frozen=True, kw_only=True):
    """What was charged to a grant, its subtree included. Anchor the grant, suffix "". `window` starts at ms."""

    total: int
    window: int
    in_window: int


class TransferState(StateRow, frozen=True, kw_only=True):
    """A hand-over. Anchor the id of transfer.offer, suffix ""."""

    grant: str
    sender: str
    receiver: str
    references: ReferenceRows
    items: dict[str, tuple[str, ...]]
    count: int
    purpose: str
    content_root: str
    key_commitment: str
    ciphertext: str
    size: int
    deadline: int
    status: Literal["offered", "accepted", "released", "confirmed", "disputed", "refused", "cancelled"]
    index: int
    receiver_key: str | None = None
    released_index: int | None = None
    released_at: int | None = None
    life_end: int | None = None
    last: str | None = None
    marking: Marking | None = None
    abroad: Abroad | None = None
    offered_at: int = 0
    gateway: str | None = None


class DutyState(StateRow, frozen=True, kw_only=True):
    """Something `party` must do by `due` (ms). Anchor the opening statement, suffix "<kind>:<party>[:<about>]".

    `about` is the statement or reference it concerns.
    """

    kind: str
    party: str
    due: int
    about: str
    opened_index: int
    met_by: str | None = None
    met_index: int | None = None
    met_at: int | None = None


MEMBER = Table("member", MemberState, resident=True)
KEY = Table("key", KeyState, resident=True)
NODE = Table("node", NodeState, resident=True)
CATALOGUE = Table("catalogue", CatalogueState, resident=True)
POLICY = Table("policy", PolicyState, resident=True)
RECORD = Table("record", RecordState)
ENDED = Table("ended", EndedState)
HOLDING = Table("holding", HoldingState)
CONTRACT = Table("contract", ContractState)
MILESTONE = Table("milestone", MilestoneState)
PAYMENT = Table("payment", PaymentState)
AGREEMENT = Table("agreement", AgreementState)
VERIFICATION = Table("verification", VerificationState)
REQUEST = Table("request", RequestState)
GRANT = Table("grant", GrantState)
USAGE = Table("usage", UsageState)
ACCEPTANCE = Table("acceptance", AcceptanceState)
RELEASED = Table("released", ReleasedState)
HANDED = Table("handed", HandedState)
CANCELLED = Table("cancelled", CancelledState)
MARK = Table("mark", MarkState)
TRANSFER = Table("transfer", TransferState)
DUTY = Table("duty", DutyState)

_ALL: tuple[Table[MemberState] | Table[KeyState] | Table[NodeState] | Table[StateRow], ...] = (
    MEMBER, KEY, NODE, CATALOGUE, POLICY, RECORD, ENDED, HOLDING, CONTRACT, MILESTONE, PAYMENT, AGREEMENT,
    VERIFICATION, REQUEST, GRANT, USAGE, ACCEPTANCE, RELEASED, MARK, TRANSFER, DUTY,
    authority.MANDATE, authority.CONSENT, authority.GRANT_CONSENTS, authority.CONSENT_USE, authority.DISPUTE,
    authority.DISPUTED, authority.QUERY, authority.PRODUCT, authority.RESTS,
    publication.SITE, publication.PUBLICATION, publication.PUBLISHED, publication.COPY, publication.MIRROR,
    publication.ENTRY, publication.GROUND, publication.MEASURE, publication.REPAIR, publication.PLEDGE,
    cases.ERASURE, cases.ERASING, cases.ERASURE_HOLDER, cases.DESTROYED, cases.HOLD, cases.HELD, cases.INCIDENT,
    cases.CASE, cases.CASE_PART, cases.CASE_PARTY, cases.BURNT, cases.ACCESS,
    governance.PROPOSAL, governance.ACTION, governance.VOTE, governance.DECISION, governance.MEMBER_EVENT,
    governance.HEIR, governance.NODE_EVENT, governance.LINKING, HANDED, CANCELLED,
)  # type: ignore[assignment]  # Table is invariant; only name, row type and residence are read from here.  # fmt: skip

TABLES: dict[str, type[StateRow]] = {table.name: table.row for table in _ALL}
"""Row type of each table by its name; the order is the one of this file and is part of no format."""

RESIDENT: frozenset[str] = frozenset(table.name for table in _ALL if table.resident)
"""Names of the tables kept in memory."""


def row_suffix(row: int | None) -> str:
    """Suffix of a batch row in ENDED: eight decimal digits, or "" for a single statement (row None)."""
    return "" if row is None else f"{row:08d}"


def handed_suffix(holder: str, number: int) -> str:
    """Suffix in HANDED of the release that was the `number`-th (from 1) to `holder` under a grant."""
    return f"{holder}:{number}"


def encode_value(value: StateRow) -> bytes:
    """Return the deterministic CBOR of a state value (RFC 8949, section 4.2)."""
    # All map keys are text, whose encoding leads with the length: the library's order is then the bytewise one.
    return cbor2.dumps(msgspec.to_builtins(value), canonical=True)


def decode_value(table: str, data: bytes) -> StateRow:
    """Return the value of `table` that `data` encodes; the inverse of `encode_value`."""
    return msgspec.convert(cbor2.loads(data), TABLES[table])

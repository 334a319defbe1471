"""The shapes of answers: frozen structs that turn into JSON as they are.

Times are ms since the epoch, indexes are log indexes, ids are statement ids in hex, members are USCCs. A set of rows is
`[[first, last], …]`, empty for a whole list.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ledger.state.tables import Ranges, ReferenceRows

TransferStatus = Literal["offered", "accepted", "released", "confirmed", "disputed", "refused", "cancelled"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer says: the tree size it holds at, the time there, and every statement it rests on.

    `complete` says how "and nobody else" is shown: by replay of the log.
    """

    as_of: int
    time: int
    statements: tuple[str, ...]
    complete: Literal["replay"] = "replay"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One statement in a chain of them: what, by whom, where and when."""

    kind: str
    id: str
    by: str
    index: int
    time: int


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """Why (some rows of) a record may no longer be handed over: corrected, withdrawn or stopped by statement `by`."""

    how: Literal["corrected", "withdrawn", "stopped"]
    by: str
    index: int
    rows: Ranges


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a record, or the rows of a batch that the question is about; `replaces` is "" for an original."""

    id: str
    rows: Ranges
    kind: str
    issuer: str
    item: str
    commitment: str
    index: int
    time: int
    replaces: str
    endings: tuple[Ending, ...]


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-over: from whom to whom, under which grant, every step with its time, and who answers for it.

    `transfer` is the offer's id, `after` the hops the sender had the content from, `references` the part of the content
    that the question is about. `responsible` is the sender until release and the receiver from then on.
    """

    transfer: str
    sender: str
    receiver: str
    grant: str
    grantor: str
    purpose: str
    references: ReferenceRows
    after: tuple[str, ...]
    steps: tuple[Step, ...]
    status: TransferStatus
    offered_at: int
    deadline: int
    released_at: int | None
    life_end: int | None
    responsible: str


class Use(Step, frozen=True, kw_only=True):
    """A report of a use of what hand-over `transfer` gave: of one record, or of all of it (`reference` is None)."""

    transfer: str
    reference: str | None


class Trace(Answer, frozen=True, kw_only=True):
    """Questions 1 and 2: versions of the record, hops in the order of the log, uses, and what records rest on.

    `products` were made of it, or lead back to it; `queries` are the batches of queries that asked for it.
    """

    reference: str
    direction: Literal["forward", "back"]
    versions: tuple[Version, ...]
    hops: tuple[Hop, ...]
    uses: tuple[Use, ...]
    supports: tuple[Step, ...]
    products: tuple[Step, ...] = ()
    queries: tuple[Step, ...] = ()


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """One holding at the index asked for: who, which version and rows, through which hop, since when.

    The issuer of a version holds it from its own statement (`hop` is that statement). `may_still` says whether the
    member could hold and use it at the size that was judged; `reasons` says why not. `until_index` is the index of
    the statement that attested its destruction, where one did.
    """

    member: str
    version: str
    rows: Ranges
    hop: str
    grant: str
    since_index: int
    since: int
    life_end: int | None
    may_still: bool
    reasons: tuple[str, ...]
    until_index: int | None = None


class Holders(Answer, frozen=True, kw_only=True):
    """Question 3: all holders at log index `at_index`, judged at `as_of`."""

    reference: str
    at_index: int
    at_time: int
    versions: tuple[Version, ...]
    holders: tuple[Holder, ...]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a grant and what is left of them; None where there is no limit. Windows begin at ms `window_start`."""

    count: int | None
    used: int
    left: int | None
    rate_count: int | None
    rate_window: int | None
    window_start: int | None
    window_used: int | None
    window_left: int | None
    onward: int


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong under a grant: a refused attempt, or a finding on one of its hand-overs."""

    code: str
    rule: str
    party: str
    statement: str
    since: int
    open: bool


class GrantNode(msgspec.Struct, frozen=True, kw_only=True):
    """One grant of the tree. `status` is judged at `as_of`; `parent` is "" for one outside the tree asked for."""

    id: str
    parent: str
    grantor: str
    grantee: str
    deliverer: str
    purpose: str
    mode: str
    items: dict[str, tuple[str, ...]]
    references: ReferenceRows
    valid_from: int
    valid_until: int
    status: Literal["issued", "live", "not_yet", "expired", "revoked"]
    acts: tuple[Step, ...]
    hops: tuple[Hop, ...]
    limits: Limits
    queries: tuple[Step, ...] = ()


class GrantTree(Answer, frozen=True, kw_only=True):
    """Question 5: the grant first, then its children level by level, and what went wrong under them."""

    grant: str
    nodes: tuple[GrantNode, ...]
    violations: tuple[Violation, ...]


class MilestoneView(msgspec.Struct, frozen=True, kw_only=True):
    """One milestone: agreed terms, each party's last claim, each verifier's last outcome; amounts in minor units."""

    id: str
    due: str | None
    amount: int | None
    claims: tuple[Outcome, ...]
    verified: tuple[Outcome, ...]
    disagree: bool


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one member said about one milestone, in which statement."""

    by: str
    status: str
    amount: int | None
    statement: str


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """One payment as it was reported; amount in minor units of the contract's currency."""

    id: str
    amount: int
    payer: str
    payee: str
    day: str
    statement: str


class ContractFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding about the contract or one of its milestones."""

    code: str
    about: str
    party: str
    open: bool


class ContractView(Answer, frozen=True, kw_only=True):
    """Question 9: terms in force, payments, claims, verifications, disagreements. `closed` is the outcome, or ""."""

    contract: str
    number: str
    registrant: str
    buyer: str
    supplier: str
    value: int
    currency: str
    paid: int
    met: int
    closed: str
    milestones: tuple[MilestoneView, ...]
    payments: tuple[PaymentView, ...]
    findings: tuple[ContractFinding, ...]
    steps: tuple[Step, ...]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A refused attempt: by whom, of which kind, under which rule."""

    statement: str
    member: str
    kind: str
    rule: str
    index: int
    time: int


class Refusals(Answer, frozen=True, kw_only=True):
    """Question 6: refused attempts."""

    refusals: tuple[Refusal, ...]


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """A duty: what `party` must do by `due`, and whether it did."""

    kind: str
    party: str
    about: str
    opener: str
    due: int
    status: Literal["open", "overdue", "met", "met_late"]
    met_by: str | None
    met_at: int | None


class Duties(Answer, frozen=True, kw_only=True):
    """Question 6: duties of one member, the next one due first, those that are met last."""

    party: str
    duties: tuple[Duty, ...]

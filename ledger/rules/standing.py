"""Look-ups that most rules need: members, roles, the catalogue and policy in force, purposes, duties."""

from __future__ import annotations

from ledger.errors import StateError, Text
from ledger.kinds.genesis import Catalogue, Deadline, Item, Policy
from ledger.rules.registry import Context
from ledger.state.effects import Effects, duty_suffix
from ledger.state.tables import CATALOGUE, DUTY, MEMBER, POLICY, DutyState, MemberState
from ledger.state.view import BlockView
from ledger.times import due_time


class UnknownMember(StateError):
    """A code that names no member."""

    code = "member.unknown"
    what = Text("{uscc} is not a member of this ledger.", "{uscc} 不是本账本的成员。")
    next_step = Text(
        "Check the code; `suyuan member list` names the members.", "请核对代码；`suyuan member list` 列出全部成员。"
    )


def member(view: BlockView, uscc: str) -> MemberState:
    """Return the member `uscc`; raises UnknownMember."""
    found = view.find(MEMBER, "", uscc)
    if found is None:
        raise UnknownMember(uscc=uscc)
    return found


def policy(view: BlockView) -> Policy:
    """Return the policy in force."""
    found = view.find(POLICY, "")
    assert found is not None, "genesis sets the policy"
    return found.policy


def catalogue(view: BlockView, version: int | None = None) -> Catalogue | None:
    """Return catalogue `version`, or the one in force; None for a version that was never published."""
    found = view.find(CATALOGUE, "", "" if version is None else str(version))
    return None if found is None else found.catalogue


def item_of(version: Catalogue, code: str) -> Item | None:
    """Return the item `code` of a catalogue version."""
    return next((item for item in version.items if item.code == code), None)


def deadline(view: BlockView, name: str, start: int) -> int:
    """Return when (ms) something opened at `start` is due by the policy's deadline `name`.

    A name the policy does not set falls back to DEFAULT_DEADLINE. Raises ValueError for a name that is not listed.
    """
    if name not in DEADLINE_NAMES:
        raise ValueError(f"unknown deadline {name}")
    current = policy(view)
    return due_time(start, current.deadlines.get(name, DEFAULT_DEADLINE), current.calendar)


DEFAULT_DEADLINE = Deadline(n=10, unit="working_days")
"""For deadlines that the policy does not name."""

DEADLINE_NAMES = {
    "transfer_release": "from transfer.accept to transfer.release",
    "transfer_confirm": "from transfer.release to transfer.confirm or transfer.dispute",
    "grant_answer": "from grant.request to grant.issue or grant.decline (GRA-10)",
    "stop": "from a revocation, correction, withdrawal or repair to the stop or replacement (GRA-6, REC-10, REP-4)",
    "dispute_resolve": "from record.dispute to record.resolve (REC-9)",
    "query_confirm": "from query.batch to its confirmation by the other side (TRA-13)",
    "governance_decide": "from governance.propose to the last instant at which it may be voted on (GOV-3)",
    "publication_follow": "from a stop or change of a publication to the mirror that follows (PUB-5)",
    "list_exit": "from an approved repair to the exit from a list that rested on the record alone (REP-3)",
    "measure_lift": "from the exit, or an approved repair, to the measure's lifting (LST-2, REP-3)",
    "erasure": "from erasure.request, or the lifting of the hold that paused it, to erasure.attest (ERA-1)",
    "incident_notify": "from when an incident was noticed to incident.notify (INC-1)",
    "incident_contain": "from when an incident was noticed, or its notification, to incident.contain (INC-1)",
    "case_response": "from the case.finding that names a member to the end of its time to respond (INC-5)",
    "access_answer": "from access.request to access.answer (ACC-2)",
}
"""The deadlines that rules of these kinds ask the policy for, by name."""


def open_duty(effects: Effects, context: Context, kind: str, party: str, due: int, *, about: str | None = None) -> None:
    """Open a duty of `party` that hangs on this statement."""
    duty = DutyState(kind=kind, party=party, due=due, about=about or context.id, opened_index=context.index)
    effects.open_duty(context.id, duty)


def meet_duty(
    effects: Effects, view: BlockView, context: Context, opener: str, kind: str, party: str, about: str | None = None
) -> None:
    """Mark the duty (opener, kind, party, about) as met by this statement, where it is open; the row must be loaded."""
    suffix = duty_suffix(kind, party, about or opener, opener)
    duty = view.find(DUTY, opener, suffix)
    if duty is None or duty.met_index is not None:
        return
    met = DutyState(
        kind=duty.kind,
        party=duty.party,
        due=duty.due,
        about=duty.about,
        opened_index=duty.opened_index,
        met_by=context.id,
        met_index=context.index,
        met_at=context.time,
    )
    effects.put(DUTY, opener, met, suffix)

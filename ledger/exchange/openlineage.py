"""The hand-overs of a trace as OpenLineage run events (specification 2-0-2, "RunEvent" and "Core Lineage Model").

A job is a grant, a run is one hand-over under it, its inputs are what the sender had and its outputs what the receiver
has. A run starts with its offer; it completes with the release, aborts when it was refused or cancelled, and fails when
it was disputed. What OpenLineage has no word for stands in the run facet `suyuan_handOver`.
"""

from __future__ import annotations

from typing import Final, Literal

from ledger.lineage.answers import Hop, Trace, TransferStatus
from ledger.state.tables import Ranges
from ledger.times import format_time

EVENT_SCHEMA: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACET_SCHEMA: Final = "urn:suyuan:schema:hand-over-facet:1"
FACET: Final = "suyuan_handOver"

EventType = Literal["START", "RUNNING", "COMPLETE", "ABORT", "FAIL"]
_LAST: Final[dict[TransferStatus, EventType]] = {
    "offered": "START",
    "accepted": "RUNNING",
    "released": "COMPLETE",
    "confirmed": "COMPLETE",
    "disputed": "FAIL",
    "refused": "ABORT",
    "cancelled": "ABORT",
}
"""What the last step of a hand-over makes of its run."""


def trace_as_openlineage(trace: Trace, origin: str) -> list[dict[str, object]]:
    """Return the run events of a trace's hand-overs in the order of the log: a start each, then how it stands.

    `origin` is the name of the log; it makes the namespace of jobs and datasets and the producer.
    """
    events = [event for hop in trace.hops for event in _events(hop, origin, trace.as_of)]
    return [event for _, event in sorted(events, key=lambda pair: pair[0])]


def run_id(statement_id: str) -> str:
    """Return the run of a hand-over as a UUID of version 8 (RFC 9562, section 5.8) from the offer's id."""
    number = int(statement_id[:32], 16)
    number = number & ~(0xF << 76) | 0x8 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _events(hop: Hop, origin: str, as_of: int) -> list[tuple[int, dict[str, object]]]:
    last = next((step for step in hop.steps if step.kind == "transfer.release"), hop.steps[-1])
    kind = _LAST[hop.status]
    if kind in ("ABORT", "FAIL", "RUNNING"):
        last = hop.steps[-1]
    events = [(hop.steps[0].index, _event(hop, "START", hop.offered_at, origin, as_of))]
    if kind != "START":
        events.append((last.index, _event(hop, kind, last.time, origin, as_of)))
    return events


def _event(hop: Hop, kind: EventType, time: int, origin: str, as_of: int) -> dict[str, object]:
    namespace = f"suyuan://{origin}"
    producer = f"urn:suyuan:log:{origin}"
    facet = {
        "_producer": producer,
        "_schemaURL": FACET_SCHEMA,
        "transfer": hop.transfer,
        "sender": hop.sender,
        "receiver": hop.receiver,
        "grantor": hop.grantor,
        "purpose": hop.purpose,
        "responsible": hop.responsible,
        "status": hop.status,
        "deadline": format_time(hop.deadline),
        "lifeEnd": None if hop.life_end is None else format_time(hop.life_end),
        "statements": [{"id": step.id, "kind": step.kind, "index": step.index} for step in hop.steps],
        "asOf": as_of,
    }
    received = kind != "START" and hop.released_at is not None
    return {
        "eventType": kind,
        "eventTime": format_time(time),
        "run": {"runId": run_id(hop.transfer), "facets": {FACET: facet}},
        "job": {"namespace": namespace, "name": f"grant/{hop.grant}", "facets": {}},
        "inputs": [*_lists(hop, namespace), *({"namespace": namespace, "name": _copy(one)} for one in hop.after)],
        "outputs": [{"namespace": namespace, "name": _copy(hop.transfer)}] if received else [],
        "producer": producer,
        "schemaURL": EVENT_SCHEMA,
    }


def _lists(hop: Hop, namespace: str) -> list[dict[str, object]]:
    return [{"namespace": namespace, "name": f"list/{list_}{_rows(rows)}"} for list_, rows in hop.references]


def _copy(transfer: str) -> str:
    return f"copy/{transfer}"


def _rows(rows: Ranges) -> str:
    if not rows:
        return ""
    return ":" + ",".join(str(first) if first == last else f"{first}-{last}" for first, last in rows)

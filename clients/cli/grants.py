"""`suyuan grant`: authority to hand over and use records."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from clients.cli.arguments import (
    as_of_option,
    convert,
    read_basis,
    read_item_fields,
    read_json_object,
    read_references,
    references_option,
)
from clients.cli.command import command, new_group
from clients.cli.errors import UsageProblem
from clients.cli.results import named, show_answer, show_object, show_receipted
from clients.cli.session import Session, read_bytes
from clients.sdk import requests
from ledger.kinds.grants import (
    GrantAccept,
    GrantDecline,
    GrantExtend,
    GrantIssue,
    GrantRequest,
    GrantRevoke,
)
from ledger.references import ReferenceSet
from ledger.times import DAY_MS, format_time

group = new_group("grant", "Ask for, give, accept and end authority.", "申请、授予、接受与撤销授权。")
_ITEM_HELP = "an item with its fields (repeatable)"
_BASIS = click.option("--basis", metavar="RANK;DOCUMENT;ARTICLE", help="the legal basis")


def _references_json(references: ReferenceSet | None) -> object:
    return None if references is None else references.to_json()


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in (None, (), [], {})}


@command(group, "request", "申请授权")
@click.argument("grantor")
@click.option("--item", "items", multiple=True, required=True, metavar="ITEM=FIELD,FIELD", help=_ITEM_HELP)
@click.option("--purpose", required=True, metavar="CODE")
@_BASIS
@references_option
def request(
    session: Session, grantor: str, items: tuple[str, ...], purpose: str, basis: str | None, references: tuple[str, ...]
) -> None:
    """Ask GRANTOR for records; it answers with a grant or declines by the deadline."""
    fields = _given(
        grantor=grantor, items=read_item_fields(items), purpose=purpose, basis=read_basis(basis),
        references=_references_json(read_references(references)),
    )  # fmt: skip
    payload = convert(
        {**session.identity.head(GrantRequest), "kind": "grant.request", **fields}, GrantRequest, "request"
    )
    show_receipted(session, session.submit(payload))


@command(group, "decline", "拒绝申请")
@click.argument("request")
@click.option(
    "--reason", type=click.Choice(["no_basis", "not_held", "purpose", "protected", "other"]), default="other",
    show_default=True,
)  # fmt: skip
def decline(
    session: Session, request: str, reason: Literal["no_basis", "not_held", "purpose", "protected", "other"]
) -> None:
    """Decline REQUEST (the id of its statement)."""
    payload = GrantDecline(**session.identity.head(GrantDecline), request=request, reason=reason)
    show_receipted(session, session.submit(payload))


@command(group, "issue", "授予授权")
@click.argument("grantee")
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="JSON with the fields; options add to it")
@click.option("--issuer", "issuers", multiple=True, metavar="USCC", help="whose records; the member's own if absent")
@click.option("--item", "items", multiple=True, metavar="ITEM=FIELD,FIELD", help=_ITEM_HELP)
@click.option("--purpose", metavar="CODE")
@click.option("--mode", type=click.Choice(["view", "store", "query"]), help="store if absent")
@click.option("--onward", type=click.IntRange(0, 16), help="further hops that are allowed; 0 if absent")
@click.option("--jurisdiction", "jurisdictions", multiple=True, metavar="CN", help="CN if absent (repeatable)")
@click.option("--count", type=click.IntRange(min=1), help="at most this many records")
@click.option("--rate", metavar="COUNT/SECONDS", help="at most so many records in each window")
@click.option("--from", "valid_from", metavar="TIME", help="YYYY-MM-DDTHH:MM:SSZ; now if absent")
@click.option("--until", "valid_until", metavar="TIME", help="one year after it begins if absent")
@click.option("--life", "data_life", type=click.IntRange(1, 36_600), help="days that data may be kept; 365 if absent")
@click.option("--parent", metavar="ID", help="the grant that this one is made under")
@click.option("--request", "request_id", metavar="ID", help="the request that this answers")
@click.option("--deliverer", metavar="USCC", help="who delivers in the grantor's place")
@_BASIS
@references_option
def issue(
    session: Session, grantee: str, file: Path | None, issuers: tuple[str, ...], items: tuple[str, ...],
    purpose: str | None, mode: str | None, onward: int | None, jurisdictions: tuple[str, ...], count: int | None,
    rate: str | None, valid_from: str | None, valid_until: str | None, data_life: int | None, parent: str | None,
    request_id: str | None, deliverer: str | None, basis: str | None, references: tuple[str, ...],
) -> None:  # fmt: skip
    """Give GRANTEE authority over records: which, what for, how long, how far."""
    fields: dict[str, object] = {} if file is None else read_json_object(read_bytes(file), file.name)
    inner = fields.pop("scope", {})
    now = session.surroundings.now_ms()
    scope: dict[str, object] = {
        "issuers": [session.needed("member")], "mode": "store", "onward": 0, "jurisdictions": ["CN"],
        **(inner if isinstance(inner, dict) else {}),
        **_given(
            issuers=sorted(set(issuers)), items=read_item_fields(items), purpose=purpose, mode=mode,
            onward=onward, jurisdictions=sorted(set(jurisdictions)), count=count, rate=_rate(rate),
            references=_references_json(read_references(references)),
        ),
    }  # fmt: skip
    chosen = {
        "valid_from": format_time(now), "valid_until": format_time(now + 365 * DAY_MS), "data_life": 365, **fields,
        **_given(
            valid_from=valid_from, valid_until=valid_until, data_life=data_life, parent=parent, request=request_id,
            deliverer=deliverer, basis=read_basis(basis),
        ),
    }  # fmt: skip
    body = {**chosen, **session.identity.head(GrantIssue), "kind": "grant.issue", "grantee": grantee, "scope": scope}
    show_receipted(session, session.submit(convert(body, GrantIssue, "grant")))


def _rate(text: str | None) -> dict[str, int] | None:
    if text is None:
        return None
    count, slash, window = text.partition("/")
    if not (slash and count.isdigit() and window.isdigit()):
        raise UsageProblem(detail=f"{text} is not COUNT/SECONDS", command="suyuan grant issue")
    return {"count": int(count), "window": int(window)}


@command(group, "extend", "扩展授权范围")
@click.argument("grant")
@references_option
def extend(session: Session, grant: str, references: tuple[str, ...]) -> None:
    """Add references to GRANT, which names a set."""
    found = read_references(references)
    if found is None:
        raise UsageProblem(detail="at least one --reference is needed", command="suyuan grant extend")
    fields = {"grant": grant, "references": found.to_json()}
    payload = convert({**session.identity.head(GrantExtend), "kind": "grant.extend", **fields}, GrantExtend, "grant")
    show_receipted(session, session.submit(payload))


@command(group, "accept", "接受授权")
@click.argument("grant")
@click.option("--receiver-seed", metavar="DIGEST", help="commitment to the receiver's marking seed")
def accept(session: Session, grant: str, receiver_seed: str | None) -> None:
    """Accept GRANT with its duties; only then can it be used."""
    payload = GrantAccept(**session.identity.head(GrantAccept), grant=grant, receiver_seed=receiver_seed)
    show_receipted(session, session.submit(payload))


@command(group, "revoke", "撤销授权")
@click.argument("grant")
@click.option(
    "--reason", type=click.Choice(["withdrawn", "breach", "expired_basis", "repair", "other"]), default="withdrawn",
    show_default=True,
)  # fmt: skip
@click.option("--effective", metavar="TIME", help="from this later time on")
def revoke(
    session: Session,
    grant: str,
    reason: Literal["withdrawn", "breach", "expired_basis", "repair", "other"],
    effective: str | None,
) -> None:
    """End GRANT and everything that was granted under it."""
    payload = GrantRevoke(**session.identity.head(GrantRevoke), grant=grant, reason=reason, effective=effective)
    show_receipted(session, session.submit(payload))


@command(group, "show", "查看授权")
@click.argument("grant")
def show(session: Session, grant: str) -> None:
    """Show GRANT as it stands now."""
    show_object(session, session.output.pick("Grant", "授权"), named(session.client.run(requests.grant(grant))))


@command(group, "tree", "查看授权树")
@click.argument("grant")
@as_of_option
def tree(session: Session, grant: str, as_of: int | None) -> None:
    """Show GRANT with everything under it: children, hand-overs, what is left, violations."""
    answer = session.client.run(requests.grant_tree(grant, as_of))
    show_answer(session, session.output.pick("Grant tree", "授权树"), answer)

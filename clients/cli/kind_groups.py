"""The groups whose commands come from statement kinds, with the questions that belong to them."""

from __future__ import annotations

import click

from clients.cli.arguments import as_of_option
from clients.cli.command import command, new_group
from clients.cli.node import passing
from clients.cli.results import member_of, show_answer, show_rows
from clients.cli.session import Session
from clients.sdk import questions
from clients.sdk.answers import Answer

access = new_group("access", "Ask, and answer, what is kept about a subject.", "查询本人信息与答复。")
case = new_group("case", "Open, authorise and close cases; log exhibits and findings.", "立案、授权、固定证物与结案。")
consent = new_group("consent", "Record consents and mandates, and their end.", "登记同意与委托及其终止。")
dispute = new_group("dispute", "Raise and resolve disputes.", "提出与处理异议。")
erase = new_group("erase", "Ask for erasure, attest it, hold it for a case.", "请求删除、证明删除与暂停删除。")
governance = new_group("governance", "Propose, approve and reject what regulators decide.", "治理动议、同意与反对。")
incident = new_group("incident", "Report incidents, contain, notify and close them.", "报告、处置、通知与终结事件。")
list_ = new_group("list", "Enter and leave lists; apply and lift measures.", "名单列入与移出、惩戒措施实施与解除。")
pledge = new_group("pledge", "Make pledges and say whether they were kept.", "信用承诺及其履行认定。")
product = new_group(
    "product", "Register reports, evaluations and scores; see whether they still hold.", "信用产品登记与核查。"
)
publish = new_group(
    "publish", "Publish records, stop, mirror and observe publications.", "公示、停止公示、副本与观测。"
)
repair = new_group("repair", "Apply for, accept and decide credit repair.", "信用修复申请、受理与决定。")
stop = new_group("stop", "Acknowledge what was stopped; see who still has to.", "确认停止与查看进度。")

governance.add_command(
    passing(
        "calendar", "Draft the policy's calendar of working days for a regulator to check.", "起草策略所用的工作日历"
    )
)
_STATUSES = click.Choice(["open", "effective", "rejected", "expired"])
_ACTORS = ("status", "kind", "due", "party", "about", "met_by")


def _show_members(session: Session, title: str, answer: Answer, name: str, columns: tuple[str, ...]) -> None:
    rows = member_of(answer, name)
    if session.output.as_json or not rows:
        show_answer(session, title, answer)
    else:
        show_rows(session, f"{title} ({answer.as_of})", columns, rows)


@command(governance, "list", "列出治理动议")
@click.option("--status", type=_STATUSES, help="only those that stand so")
@as_of_option
def list_proposals(session: Session, status: str | None, as_of: int | None) -> None:
    """List proposals with what they are about and what became of them."""
    answer = session.client.run(questions.proposals(status, as_of))
    title = session.output.pick("Proposals", "动议")
    _show_members(session, title, answer, "proposals", ("status", "act", "subject", "proposer", "expires", "id"))


@command(governance, "show", "查看治理动议及表决")
@click.argument("proposal")
@as_of_option
def show_proposal(session: Session, proposal: str, as_of: int | None) -> None:
    """Show PROPOSAL with every vote."""
    from clients.cli.results import show_object
    from ledger.errors import NotFoundError

    answer = session.client.run(questions.proposals(None, as_of))
    found = next((row for row in member_of(answer, "proposals") if row.get("id") == proposal), None)
    if found is None:
        raise NotFoundError(what_kind="proposal", name=proposal[:64])
    show_object(session, session.output.pick("Proposal", "动议"), found)


@command(governance, "nodes", "列出节点及法定数量")
@as_of_option
def show_nodes(session: Session, as_of: int | None) -> None:
    """List the nodes that sign what follows, and how many of them are a quorum."""
    answer = session.client.run(questions.nodes(as_of))
    _show_members(session, session.output.pick("Nodes", "节点"), answer, "nodes", ("name", "member", "url"))


def _closure(session: Session, statement: str, as_of: int | None) -> None:
    answer = session.client.run(questions.closure(statement, as_of))
    _show_members(session, session.output.pick("Closure", "办结情况"), answer, "actors", _ACTORS)


@command(repair, "closure", "查看修复办结情况")
@click.argument("decision")
@as_of_option
def repair_closure(session: Session, decision: str, as_of: int | None) -> None:
    """Show who must act on DECISION (the id of repair.decide), who did, who is late."""
    _closure(session, decision, as_of)


@command(erase, "closure", "查看删除办结情况")
@click.argument("request")
@as_of_option
def erase_closure(session: Session, request: str, as_of: int | None) -> None:
    """Show who must still attest the erasure that REQUEST asked for."""
    _closure(session, request, as_of)


@command(stop, "closure", "查看停止使用的办结情况")
@click.argument("statement")
@as_of_option
def stop_closure(session: Session, statement: str, as_of: int | None) -> None:
    """Show who must act on STATEMENT: a correction, withdrawal, revocation, repair, exit or end of a publication."""
    _closure(session, statement, as_of)


@command(publish, "parity", "核对公示一致性")
@click.argument("site")
@as_of_option
def parity(session: Session, site: str, as_of: int | None) -> None:
    """Show every copy of what is public on SITE beside the publisher's, and where they differ."""
    answer = session.client.run(questions.publication_parity(site, as_of))
    _show_members(
        session,
        session.output.pick("Parity", "公示一致性"),
        answer,
        "lines",
        ("differences", "reference", "copy", "seen"),
    )


@command(product, "check", "核查信用产品是否仍然成立")
@click.argument("product_id", metavar="PRODUCT")
@as_of_option
def check_product(session: Session, product_id: str, as_of: int | None) -> None:
    """Show whether PRODUCT (the id of its statement) still stands, and which of its inputs changed."""
    answer = session.client.run(questions.product_standing(product_id, as_of))
    show_answer(session, session.output.pick("Product", "信用产品"), answer)

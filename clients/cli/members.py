"""`suyuan member` and `suyuan catalogue`: who takes part, and what may be recorded."""

from __future__ import annotations

import click
import msgspec

from clients.cli.arguments import as_of_option
from clients.cli.command import command, new_group
from clients.cli.results import named, show_answer, show_object, show_rows
from clients.cli.session import Session
from clients.sdk import questions, requests
from ledger.codes import check_uscc

group = new_group("member", "Show members; propose what is decided about them.", "查看成员，动议成员事项。")
catalogue_group = new_group(
    "catalogue", "Show and publish the catalogue of what may be recorded.", "查看与发布公共信用信息目录。"
)


@command(group, "list", "列出成员")
def list_members(session: Session) -> None:
    """List the members with their roles and standing."""
    rows = [named(row) for row in session.client.run(requests.members())]
    name = session.output.pick("name_en", "name_zh")
    show_rows(session, session.output.pick("Members", "成员"), ("uscc", name, "roles", "jurisdiction", "status"), rows)


@command(group, "show", "查看一个成员")
@click.argument("uscc", required=False)
def show(session: Session, uscc: str | None) -> None:
    """Show one member, by default the one that is set."""
    row = session.client.run(requests.member(check_uscc(uscc or session.needed("member"))))
    show_object(session, row.uscc, named(row))


@command(group, "history", "查看成员变动")
@click.argument("uscc", required=False)
@as_of_option
def history(session: Session, uscc: str | None, as_of: int | None) -> None:
    """Show how a member stood, every decision about it, and who took its place."""
    wanted = check_uscc(uscc or session.needed("member"))
    show_answer(session, wanted, session.client.run(questions.member_history(wanted, as_of)))


@command(catalogue_group, "show", "查看目录")
@click.argument("item", required=False)
@click.option("--version", "number", type=click.IntRange(min=1), help="a version; the one in force if absent")
def show_catalogue(session: Session, item: str | None, number: int | None) -> None:
    """Show the catalogue in force, or one ITEM of it with its fields."""
    from clients.gateway.forms import item_of

    row = session.client.run(requests.catalogue(number))
    if item is not None:
        found: dict[str, object] = msgspec.to_builtins(item_of(row.catalogue, item))
        show_object(session, item, found)
        return
    if session.output.as_json:
        session.output.data(named(row))
        return
    zh = session.output.language == "zh"
    rows = [
        {
            "code": entry.code,
            "name": entry.name.zh if zh else entry.name.en,
            "adverse": entry.adverse,
            "subjects": ", ".join(entry.subject_classes),
            "fields": len(entry.fields),
            "basis": f"{entry.basis.document} {entry.basis.article}",
        }
        for entry in row.catalogue.items
    ]
    title = session.output.pick(f"Catalogue version {row.catalogue.version}", f"目录第 {row.catalogue.version} 版")
    show_rows(session, title, ("code", "name", "adverse", "subjects", "fields", "basis"), rows)

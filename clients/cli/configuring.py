"""`suyuan config`: the settings and where each came from."""

from __future__ import annotations

from clients.cli.command import command, new_group
from clients.cli.session import Session

group = new_group("config", "Show the settings.", "查看配置。")


@command(group, "show", "查看每项配置及其来源")
def show(session: Session) -> None:
    """Show every setting with its value and where the value came from."""
    configuration = session.configuration
    rows = [{"name": name, "value": value, "origin": origin} for name, value, origin in configuration.rows()]
    title = f"{session.output.pick('file', '文件')}: {configuration.file or '-'}"
    table = session.output.table(
        title, ("name", "value", "origin"), [(row["name"], row["value"], row["origin"]) for row in rows]
    )
    session.output.data(
        {"file": None if configuration.file is None else str(configuration.file), "settings": rows}, table=table
    )

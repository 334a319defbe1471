"""What the audience sees: headings, one line an event, tables. The demonstration prints here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_SHORT_ID = 10
_LOG_WIDTH = 120
"""Width when the output goes to a file or a pipe."""


class Narrator:
    """Tells the story on stdout. The width is bounded, so that a log of it reads like a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        if not self._console.is_terminal:
            self._console = Console(highlight=False, width=_LOG_WIDTH)
        self._act = 0

    def title(self, text: str, below: str) -> None:
        """Open the story."""
        self._console.print(Panel(Text(below), title=text, title_align="left", border_style="cyan", expand=False))

    def act(self, english: str, chinese: str) -> None:
        """Begin an act."""
        self._act += 1
        self._console.print()
        self._console.print(f"[bold cyan]{self._act}. {english}[/]  [dim]{chinese}[/]")

    def event(self, who: str, what: str, detail: str = "") -> None:
        """Say what somebody did."""
        line = Text.assemble(("   ✓ ", "green"), (f"{who:<13}", "bold"), what)
        fits = line.cell_len + 2 + Text(detail).cell_len <= self._console.width
        if detail and fits:
            line.append(f"  {detail}", "dim")
        self._console.print(line)
        if detail and not fits:
            self._console.print(Text(f"{'':<18}{detail}", "dim"))

    def refusal(self, who: str, what: str, rule: str, why: str) -> None:
        """Say what was refused, and under which rule."""
        self._console.print(Text.assemble(("   ✗ ", "red"), (f"{who:<13}", "bold"), what))
        self._console.print(Text.assemble(" " * 18, (f"refused under {rule}", "bold red"), (f"  {why}", "dim")))

    def note(self, text: str) -> None:
        """Explain something."""
        self._console.print(Text(f"     {text}", "dim"))

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show a table; where it is too wide its last column takes several lines."""
        table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=SIMPLE_HEAD)
        for place, column in enumerate(columns, 1):
            table.add_column(column, no_wrap=place < len(columns))
        for row in rows:
            table.add_row(*row)
        self._console.print(table)

    def closing(self, lines: Sequence[str]) -> None:
        """End the story."""
        self._console.print()
        self._console.print(Panel(Text("\n".join(lines)), border_style="green", expand=False))


def short(identifier: str) -> str:
    """Return the first digits of an id, for people; programs use the whole."""
    statement, colon, row = identifier.partition(":")
    return f"{statement[:_SHORT_ID]}…{colon}{row}"

"""report.pdf: the same content on paper, every glyph embedded."""

from __future__ import annotations

from hashlib import sha256
from html import escape
from io import BytesIO
from typing import Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from clients.reports.content import CAUTION, HEADINGS, TITLE, ReportContent
from clients.reports.font import embeddable_font
from ledger.errors import Text

_MARGIN: Final = 18 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN
_COLOURS: Final = {"VERIFIED": "#1a7f37", "FAILED": "#b42318", "INCONCLUSIVE": "#b26a00"}
_GRID: Final = TableStyle(
    [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.3, HexColor("#cccccc"))]
)


class _Page:
    """Collects the flowing parts of the document, and every character that they show."""

    def __init__(self) -> None:
        self.characters: set[str] = set("0123456789 ")
        self._parts: list[tuple[str, list[list[str]], list[float], int]] = []

    def text(self, text: str, size: int = 9, colour: str = "#1b1b1b") -> None:
        """Add a paragraph."""
        self.characters |= set(text)
        self._parts.append((colour, [[text]], [], size))

    def both(self, text: Text, size: int = 9) -> None:
        """Add a text in both languages."""
        self.text(f"{text.zh}  {text.en}", size)

    def table(self, rows: list[list[str]], shares: list[float]) -> None:
        """Add a table whose columns take these shares of the width."""
        self.characters |= {char for row in rows for cell in row for char in cell}
        self._parts.append(("#1b1b1b", rows, shares, 7))

    def flow(self, font: str) -> list[Flowable]:
        """Return what the layout engine takes, in the font of that name."""
        flow: list[Flowable] = []
        for colour, rows, shares, size in self._parts:
            style = ParagraphStyle(
                "s", fontName=font, fontSize=size, leading=size * 1.45, wordWrap="CJK", textColor=HexColor(colour)
            )
            cells = [[Paragraph(escape(cell), style) for cell in row] for row in rows]
            if shares:
                flow.append(Table(cells, colWidths=[share * _WIDTH for share in shares], style=_GRID))
            else:
                flow.append(cells[0][0])
            flow.append(Spacer(1, 2 * mm))
        return flow


def render_pdf(content: ReportContent) -> bytes:
    """Return the document; the same content gives the same bytes. Raises `GlyphMissing`."""
    page = _fill(content)
    data = embeddable_font("".join(sorted(page.characters)))
    name = f"Suyuan{sha256(data).hexdigest()[:12]}"
    pdfmetrics.registerFont(TTFont(name, BytesIO(data)))
    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=f"Evidence bundle {content.reference}",
        invariant=1,
        initialFontName=name,
    )
    document.build(page.flow(name))
    return out.getvalue()


def _fill(content: ReportContent) -> _Page:
    page = _Page()
    page.both(TITLE, 18)
    page.both(CAUTION, 8)
    page.both(HEADINGS["about"], 13)
    page.text(f"{content.kind.zh}  {content.kind.en}: {content.reference}")
    page.text(f"{content.verdict} ({content.made_at})", 13, _COLOURS[content.verdict])
    page.both(content.meaning)
    if content.problems:
        page.both(HEADINGS["problems"], 13)
        page.table([[p.result, p.id, p.what, p.reason] for p in content.problems], [0.16, 0.18, 0.33, 0.33])
    page.both(HEADINGS["checks"], 13)
    head = ["", "", "VERIFIED", "FAILED", "INCONCLUSIVE"]
    lines = [[c.id, f"{c.text.zh}  {c.text.en}", str(c.passed), str(c.failed), str(c.open)] for c in content.checks]
    page.table([head, *lines], [0.2, 0.44, 0.11, 0.1, 0.15])
    page.both(HEADINGS["statements"], 13)
    rows = [
        [str(one.index), f"{one.kind} {one.refused}".strip(), one.issuer, one.signed_at, one.id]
        for one in content.statements
    ]
    page.table(rows, [0.07, 0.17, 0.2, 0.19, 0.37])
    return page

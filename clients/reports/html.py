"""report.html: one page without scripts and without anything fetched from elsewhere."""

from __future__ import annotations

import jinja2

from clients.reports.content import CAUTION, HEADINGS, TITLE, ReportContent

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("clients.reports", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_html(content: ReportContent) -> bytes:
    """Return the page in UTF-8; every value in it is escaped."""
    page = _ENVIRONMENT.get_template("report.html").render(
        content=content, title=TITLE, caution=CAUTION, headings=HEADINGS
    )
    return page.encode("utf-8")

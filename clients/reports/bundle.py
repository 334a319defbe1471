"""Bundles with their renderings: judged, drawn, listed, signed."""

from __future__ import annotations

from dataclasses import replace

from clients.reports.content import report_content
from clients.reports.html import render_html
from clients.reports.pdf import render_pdf
from ledger.evidence.bundle import judge_parts, make_bundle
from ledger.evidence.checks import Report
from ledger.evidence.layout import REPORT_HTML, REPORT_PDF, BundleParts
from ledger.keys import Signer
from ledger.notes import Policy


def make_illustrated_bundle(parts: BundleParts, policy: Policy, signer: Signer, made_at: str) -> tuple[bytes, Report]:
    """Return the bundle with report.html and report.pdf, and what its maker found when it judged the parts.

    `made_at` is `YYYY-MM-DDTHH:MM:SSZ`. Raises `GlyphMissing`, `ArchiveTooLarge`, and what decoding the parts raises.
    """
    report = judge_parts(parts, policy)
    content = report_content(parts, report, made_at)
    drawn = {REPORT_HTML: render_html(content), REPORT_PDF: render_pdf(content)}
    return make_bundle(replace(parts, renderings=drawn), signer, made_at, report.verdict), report

"""Reports: bilingual, escaped, with every glyph embedded; a character that cannot be drawn stops the rendering."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from html import unescape
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont

from clients.reports.bundle import make_illustrated_bundle
from clients.reports.content import ReportContent, report_content
from clients.reports.font import GlyphMissing, embeddable_font
from clients.reports.html import render_html
from clients.reports.pdf import render_pdf
from ledger.evidence.archive import read_archive
from ledger.evidence.bundle import judge_parts
from ledger.evidence.checks import CHECKS
from ledger.evidence.layout import Proves
from tests.ledger.evidence.bundles import MADE_AT, Story, verdict_of
from tests.world_genesis import signer_of


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(scope="module")
def content(story: Story) -> ReportContent:
    parts = story.parts()
    return report_content(parts, judge_parts(parts, story.policy), MADE_AT)


def test_the_page_shows_verdict_checks_and_statements_in_both_languages(story: Story, content: ReportContent) -> None:
    page = unescape(render_html(content).decode())
    assert "VERIFIED" in page
    assert content.problems == ()
    for check in content.checks:
        assert CHECKS[check.id].zh in page
        assert CHECKS[check.id].en in page
    for id_ in (story.record, story.batch, story.refused):
        assert id_ in page
    assert "REC-1" in page


def test_the_page_runs_nothing_and_fetches_nothing(content: ReportContent) -> None:
    page = render_html(content).decode()
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_values_in_the_page_are_escaped(content: ReportContent) -> None:
    page = render_html(replace(content, reference="<script>alert(1)</script>")).decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_problems_are_shown_with_their_reason(story: Story) -> None:
    parts = replace(story.parts(), genesis=None)
    content = report_content(parts, judge_parts(parts, story.policy), MADE_AT)
    assert content.verdict == "INCONCLUSIVE"
    page = render_html(content).decode()
    assert "the genesis entry is missing" in page
    assert render_pdf(content).startswith(b"%PDF-")


def embedded_fonts(pdf: bytes) -> list[TTFont]:
    """Return the TrueType files that a PDF carries in streams that are only deflated."""
    fonts = []
    streams = re.findall(rb"/FlateDecode \] /Length \d+ /Length1 \d+\s*>>\s*stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    for stream in streams:
        data = zlib.decompressobj().decompress(stream)
        assert data[:4] == b"\x00\x01\x00\x00", "a TrueType file"
        fonts.append(TTFont(BytesIO(data)))
    return fonts


def test_the_document_embeds_its_font_with_chinese_glyphs(content: ReportContent) -> None:
    pdf = render_pdf(content)
    fonts = embedded_fonts(pdf)
    assert fonts
    assert b"/FontFile2" in pdf
    assert sum(font["maxp"].numGlyphs for font in fonts) > 100
    assert render_pdf(content) == pdf


def test_the_font_has_the_outlines_of_what_was_asked_for() -> None:
    font = TTFont(BytesIO(embeddable_font("溯源 abc")))
    cmap = font.getBestCmap()
    assert {chr(code) for code in cmap} == set("溯源 abc")
    assert "glyf" in font
    for char in "溯源abc":
        assert font["glyf"][cmap[ord(char)]].numberOfContours > 0
    assert embeddable_font("溯源 abc") == embeddable_font("cba 源溯")


def test_a_character_without_a_glyph_stops_the_rendering(content: ReportContent) -> None:
    with pytest.raises(GlyphMissing) as caught:
        render_pdf(replace(content, reference="\U0001f9ff"))
    assert "U+1F9FF" in caught.value.message()


def test_an_illustrated_bundle_verifies_and_carries_both_renderings(story: Story) -> None:
    bundle, report = make_illustrated_bundle(story.parts(), story.policy, signer_of("auditor"), MADE_AT)
    assert report.verdict == "VERIFIED"
    assert verdict_of(bundle, story.policy).verdict == "VERIFIED"
    files = read_archive(bundle)
    assert files["report.pdf"].startswith(b"%PDF-")
    assert files["report.html"].startswith(b"<!doctype html>")


def test_a_statement_without_a_proof_is_listed_all_the_same(story: Story) -> None:
    parts = replace(
        story.parts(), proofs={}, proves=Proves(kind="statement", reference=story.record, statements=[story.record])
    )
    content = report_content(parts, judge_parts(parts, story.policy), MADE_AT)
    assert {line.index for line in content.statements} == {-1}

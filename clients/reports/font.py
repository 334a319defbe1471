"""A TrueType font with exactly the characters of one document, made from an open font that covers Chinese.

The font comes as OpenType with cubic outlines, and the PDF library embeds TrueType; so the few glyphs that a document
needs are taken out and their outlines turned into quadratic ones.
"""

from __future__ import annotations

from importlib import resources
from io import BytesIO
from typing import Any, Final

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

from ledger.errors import FormError, Text

FONT_PACKAGE: Final = "pylopdf_fonts_zh_cn"
FONT_FILE: Final = "NotoSansSC-Regular.otf"
"""Noto Sans SC, SIL Open Font License 1.1."""
_MAX_ERROR: Final = 1.0
"""How far a quadratic outline may lie from the cubic one, in units of 1/1000 em."""


class GlyphMissing(FormError):
    """The font has no picture of a character, and a document that leaves it out would say something else."""

    code = "report.glyph"
    what = Text("The font has no glyph for {characters}.", "字体缺少以下字符的字形：{characters}。")
    next_step = Text("Use report.html, which every browser can show.", "请改用浏览器可显示的 report.html。")


def embeddable_font(text: str) -> bytes:
    """Return a TrueType font with the glyphs of `text`; the same text gives the same bytes. Raises `GlyphMissing`."""
    wanted = {ord(char) for char in text if char not in "\n\r\t"} | {ord(" ")}
    data = resources.files(FONT_PACKAGE).joinpath(FONT_FILE).read_bytes()
    font = TTFont(BytesIO(data), recalcTimestamp=False)
    missing = sorted(wanted - set(font.getBestCmap()))
    if missing:
        raise GlyphMissing(characters=", ".join(f"U+{code:04X}" for code in missing[:20]))
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=[1, 2, 4, 6])
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    _to_quadratic(font)
    out = BytesIO()
    font.save(out)
    return out.getvalue()


def _to_quadratic(font: Any) -> None:
    """Replace the cubic outlines (CFF) by quadratic ones (glyf); the font library carries no usable types."""
    order = font.getGlyphOrder()
    outlines = font.getGlyphSet()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(outlines)
        outlines[name].draw(Cu2QuPen(pen, _MAX_ERROR, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"] = newTable("loca")
    glyf = font["glyf"] = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, glyphs
    for table in ("CFF ", "VORG"):
        if table in font:
            del font[table]
    glyf.compile(font)
    metrics = font["hmtx"].metrics
    for name, (advance, _) in metrics.items():
        metrics[name] = (advance, getattr(glyphs[name], "xMin", 0))
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    maxp.maxZones = 1
    for name in ("TwilightPoints", "Storage", "FunctionDefs", "InstructionDefs", "StackElements", "SizeOfInstructions"):
        setattr(maxp, f"max{name}", 0)
    maxp.maxComponentElements = maxp.maxComponentDepth = 0
    font["post"].formatType = 3.0
    font.sfntVersion = "\000\001\000\000"

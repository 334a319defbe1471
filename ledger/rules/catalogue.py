"""What a catalogue version must be (公共信用信息目录): CAT-1, CAT-2, CAT-3 and its shape.

The same checks judge the catalogue of the genesis document and every later version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import FormError, Text
from ledger.kinds.genesis import Catalogue, Field, Item, Measure
from ledger.rules.registry import broken, rule

FORBIDDEN_WORDS: Final = frozenset((
    "religion", "religious", "faith", "gene", "genes", "genetic", "dna", "fingerprint", "fingerprints", "blood",
    "illness", "disease", "diseases", "medical", "diagnosis", "health",
))  # fmt: skip
"""English words of fields that no item which may be evaluated has (CAT-3), in names and labels."""
FORBIDDEN_TERMS: Final = ("宗教", "信仰", "基因", "指纹", "血型", "疾病", "病史", "病历", "健康")
"""The same in Chinese, looked for anywhere in a label."""
PRIVATE_WORDS: Final = frozenset((
    "sex", "gender", "age", "race", "ethnicity", "ethnic", "nationality", "foreign", "marital", "marriage", "pregnancy",
    "politics", "political", "party", "union",
))  # fmt: skip
"""English words of field names that say nothing of credit: such fields are never marked evaluable (CAT-3)."""
PRIVATE_TERMS: Final = ("性别", "年龄", "民族", "种族", "婚姻", "国籍", "外国人", "政治面貌", "生育")
"""The same in Chinese labels."""
STATUTORY_RANKS: Final = frozenset(("law", "administrative_regulation", "local_regulation"))
"""Ranks of legal basis that may take rights away (CAT-2)."""

MIN_FORMS: Final = 2
"""How many schema-equivalent forms a field declares, where it declares any."""

_WORD: Final = re.compile(r"[a-z]+")


class CatalogueShape(FormError):
    """A catalogue that contradicts itself."""

    code = "catalogue.shape"
    what = Text("The catalogue contradicts itself: {detail}.", "目录自相矛盾：{detail}。")
    next_step = Text("Correct the catalogue and propose it again.", "请更正目录后重新提交。")


@dataclass(frozen=True, slots=True)
class CatalogueCase:
    """A catalogue version and the one in force before it (None at genesis)."""

    catalogue: Catalogue
    previous: Catalogue | None


def check_catalogue(catalogue: Catalogue, previous: Catalogue | None = None) -> None:
    """Check a version that shall follow `previous`; raises CatalogueShape or RuleError (CAT-1, CAT-2, CAT-3)."""
    check_shape(catalogue)
    case = CatalogueCase(catalogue, previous)
    cat_1(case)
    cat_2(case)
    cat_3(case)


def check_sorted(values: Sequence[str], what: str) -> None:
    """Check that a set is written sorted and without repetition (docs/spec/statement.md); raises CatalogueShape."""
    if list(values) != sorted(set(values)):
        raise CatalogueShape(detail=f"{what} must be sorted and unique")


def check_shape(catalogue: Catalogue) -> None:
    """Check what follows from the catalogue alone; raises CatalogueShape."""
    _unique((item.code for item in catalogue.items), "item codes")
    _unique((node.code for node in catalogue.purposes), "purpose codes")
    _unique((entry.code for entry in (*catalogue.lists, *catalogue.measures)), "codes of lists and measures")
    purposes = {node.code for node in catalogue.purposes}
    for code in sorted(purposes):
        parent = code.rpartition(".")[0]
        if parent and parent not in purposes:
            raise CatalogueShape(detail=f"purpose {code} has no parent {parent}")
    for item in catalogue.items:
        _check_item(item)


def _check_item(item: Item) -> None:
    _unique((field.name for field in item.fields), f"field names of {item.code}")
    check_sorted(item.subject_classes, f"subject classes of {item.code}")
    check_sorted(item.sources, f"sources of {item.code}")
    if item.adverse != bool(item.severities):
        raise CatalogueShape(detail=f"item {item.code}: adverse items, and only they, have severity classes")
    for field in item.fields:
        _check_forms(item, field)
    _unique((term.severity for term in item.severities or ()), f"severities of {item.code}")
    for term in item.severities or ():
        if term.minimum_days > term.maximum_days:
            raise CatalogueShape(detail=f"item {item.code}: minimum over maximum for {term.severity}")


def _check_forms(item: Item, field: Field) -> None:
    """Forms that a reader takes for the same are several, each once: one alone says nothing."""
    if field.forms is None:
        return
    name = f"{item.code}.{field.name}"
    _unique(field.forms, f"forms of {name}")
    if len(field.forms) < MIN_FORMS:
        raise CatalogueShape(detail=f"{name} has fewer than {MIN_FORMS} equal forms")


def _unique(values: Iterable[str], what: str) -> None:
    seen = list(values)
    if len(seen) != len(set(seen)):
        raise CatalogueShape(detail=f"{what} repeat")


@rule(
    "CAT-1",
    demand=Text(
        "Versions of the catalogue only grow by one, and nothing that may be in use is removed",
        "目录版本只能逐一递增，可能已被使用的内容不得删除",
    ),
    next_step=Text("Add to the version in force instead.", "请在现行版本的基础上增补。"),
)
def cat_1(case: CatalogueCase) -> None:
    """CAT-1: the first version is 1; a later one is its predecessor's number plus one and keeps all codes."""
    last = 0 if case.previous is None else case.previous.version
    if case.catalogue.version != last + 1:
        raise broken(
            "CAT-1", f"version {case.catalogue.version} follows {last}", f"版本 {case.catalogue.version} 接续 {last}"
        )
    if case.previous is None:
        return
    gone = sorted(_codes(case.previous) - _codes(case.catalogue))
    if gone:
        raise broken("CAT-1", f"{gone[0]} is missing", f"缺少 {gone[0]}")


def _codes(catalogue: Catalogue) -> set[str]:
    """Every code of a version, prefixed by its sort; records rest on types and severities too, marks on equal forms."""
    fields = {
        f"field {item.code}.{field.name} of type {field.type}" for item in catalogue.items for field in item.fields
    }
    fields |= {
        f"form {form} of {item.code}.{field.name}"
        for item in catalogue.items
        for field in item.fields
        for form in field.forms or ()
    }
    fields |= {f"severity {term.severity} of {item.code}" for item in catalogue.items for term in item.severities or ()}
    entries = {f"list {entry.code}" for entry in catalogue.lists}
    measures = {f"measure {entry.code}" for entry in catalogue.measures}
    purposes = {f"purpose {node.code}" for node in catalogue.purposes}
    return fields | entries | measures | purposes | {f"item {item.code}" for item in catalogue.items}


@rule(
    "CAT-2",
    demand=Text(
        "Every item, list and measure names its legal basis; what takes rights away rests on a law, an administrative "
        "regulation or a local regulation",
        "每个条目、名单和措施均须载明依据；减损权益的措施须以法律、行政法规或地方性法规为依据",
    ),
    next_step=Text("Name the document and article, of the required rank.", "请载明相应位阶的文件与条款。"),
)
def cat_2(case: CatalogueCase) -> None:
    """CAT-2: no blank basis; measures that take rights away have one of statutory rank."""
    entries: tuple[Item | Measure, ...] = (*case.catalogue.items, *case.catalogue.lists, *case.catalogue.measures)
    for entry in entries:
        if not entry.basis.document.strip() or not entry.basis.article.strip():
            raise broken("CAT-2", f"{entry.code} has no legal basis", f"{entry.code} 没有依据")
        if isinstance(entry, Measure) and entry.takes_rights and entry.basis.rank not in STATUTORY_RANKS:
            raise broken(
                "CAT-2",
                f"{entry.code} takes rights away on a basis of rank {entry.basis.rank}",
                f"{entry.code} 减损权益，但依据位阶为 {entry.basis.rank}",
            )


@rule(
    "CAT-3",
    demand=Text(
        "Religion, genes, fingerprints, blood type and illness are in no item that may be evaluated, and fields that "
        "are private or say nothing of credit are never evaluable",
        "宗教信仰、基因、指纹、血型、疾病信息不得列入可用于评价的条目，隐私或与信用无关的字段不得用于评价",
    ),
    next_step=Text("Take the field out, or mark it not evaluable.", "请删除该字段或标记为不可评价。"),
)
def cat_3(case: CatalogueCase) -> None:
    """CAT-3: words of field names and labels, in English and Chinese, are compared with the lists above."""
    for item in case.catalogue.items:
        for field in item.fields:
            words, chinese = _words(field)
            forbidden = words & FORBIDDEN_WORDS or any(term in chinese for term in FORBIDDEN_TERMS)
            if forbidden and (item.evaluated or field.evaluable):
                raise broken(
                    "CAT-3",
                    f"field {field.name} of {item.code} may not be evaluated at all",
                    f"{item.code} 的字段 {field.name} 不得用于任何评价",
                )
            named = set(_WORD.findall(field.name.lower())) & PRIVATE_WORDS
            if field.evaluable and (named or any(term in chinese for term in PRIVATE_TERMS)):
                raise broken(
                    "CAT-3",
                    f"field {field.name} of {item.code} is private and marked evaluable",
                    f"{item.code} 的字段 {field.name} 属隐私字段却标记为可评价",
                )


def _words(field: Field) -> tuple[set[str], str]:
    """Return the English words of a field's name and label, and its Chinese label."""
    if field.label is None:
        return set(_WORD.findall(field.name.lower())), ""
    return set(_WORD.findall(f"{field.name} {field.label.en}".lower())), field.label.zh

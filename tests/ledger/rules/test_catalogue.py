from __future__ import annotations

import msgspec
import pytest

from ledger.kinds.fields import LegalBasis
from ledger.kinds.genesis import Catalogue, Field, Item, Label, PurposeNode, SeverityTerm
from ledger.rules.catalogue import CatalogueShape, check_catalogue
from ledger.rules.registry import RuleError
from tests.world_genesis import catalogue


def with_item(code: str, **changes: object) -> Catalogue:
    version = catalogue()
    items = [msgspec.structs.replace(one, **changes) if one.code == code else one for one in version.items]
    return msgspec.structs.replace(version, items=items)


def with_field(code: str, field: Field, **changes: object) -> Catalogue:
    item: Item = next(one for one in catalogue().items if one.code == code)
    return with_item(code, fields=[*item.fields, field], **changes)


def breaks(rule: str, version: Catalogue, previous: Catalogue | None = None) -> None:
    with pytest.raises(RuleError) as caught:
        check_catalogue(version, previous)
    assert caught.value.rule == rule


def text_field(name: str, *, evaluable: bool, zh: str = "字段", en: str = "field") -> Field:
    label = Label(zh=zh, en=en)
    return Field(name=name, type="text", sensitivity="limited", evaluable=evaluable, label=label)


def test_CAT_1_versions_grow_by_one() -> None:  # noqa: N802
    first = catalogue()
    check_catalogue(first)
    check_catalogue(msgspec.structs.replace(first, version=2), first)
    breaks("CAT-1", msgspec.structs.replace(first, version=2))
    breaks("CAT-1", first, first)
    breaks("CAT-1", msgspec.structs.replace(first, version=3), first)


@pytest.mark.parametrize("part", ["items", "purposes", "lists", "field"])
def test_CAT_1_nothing_is_removed(part: str) -> None:  # noqa: N802
    first = catalogue()
    if part == "field":
        second = with_item("penalty", fields=first.items[1].fields[:-1])
    else:
        second = msgspec.structs.replace(first, **{part: getattr(first, part)[:-1]})
    breaks("CAT-1", msgspec.structs.replace(second, version=2), first)


def test_CAT_2_everything_has_a_legal_basis() -> None:  # noqa: N802
    blank = LegalBasis(rank="law", document=" ", article="1")
    breaks("CAT-2", with_item("penalty", basis=blank))
    entry = catalogue().lists[0]
    for wrong in (blank, LegalBasis(rank="law", document="Example Law", article=" ")):
        lists = [msgspec.structs.replace(entry, basis=wrong)]
        breaks("CAT-2", msgspec.structs.replace(catalogue(), lists=lists))


def test_CAT_2_what_takes_rights_away_needs_a_statutory_rank() -> None:  # noqa: N802
    policy = LegalBasis(rank="central_policy", document="Example Opinion", article="3")
    strict = msgspec.structs.replace(catalogue().lists[0], basis=policy)
    breaks("CAT-2", msgspec.structs.replace(catalogue(), lists=[], measures=[strict]))
    mild = msgspec.structs.replace(strict, takes_rights=False)
    check_catalogue(msgspec.structs.replace(catalogue(), lists=[], measures=[mild]))
    local = LegalBasis(rank="local_regulation", document="Example Local Regulation", article="3")
    check_catalogue(msgspec.structs.replace(catalogue(), lists=[msgspec.structs.replace(strict, basis=local)]))


@pytest.mark.parametrize(
    "field",
    [
        text_field("religion", evaluable=False),
        text_field("f1", evaluable=False, en="Blood type of the person"),
        text_field("f1", evaluable=False, zh="既往病史"),
        text_field("f1", evaluable=False, zh="宗教信仰"),
        text_field("gene_marker", evaluable=False),
    ],
)
def test_CAT_3_forbidden_fields_are_in_no_item_that_is_evaluated(field: Field) -> None:  # noqa: N802
    breaks("CAT-3", with_field("credit_person", field))
    check_catalogue(with_field("permit", field))
    breaks("CAT-3", with_field("permit", msgspec.structs.replace(field, evaluable=True)))


@pytest.mark.parametrize("field", [("age", "岁数"), ("sex_status", "状态"), ("f1", "性别"), ("foreign", "外籍")])
def test_CAT_3_private_fields_are_never_evaluable(field: tuple[str, str]) -> None:  # noqa: N802
    name, zh = field
    version = with_item("credit_person", fields=[text_field(name, evaluable=True, zh=zh)])
    breaks("CAT-3", version)
    check_catalogue(with_item("credit_person", fields=[text_field(name, evaluable=False, zh=zh)]))


def test_CAT_3_words_are_compared_whole() -> None:  # noqa: N802
    check_catalogue(with_field("credit_person", text_field("mortgage_average", evaluable=True, en="general stage")))


def test_a_catalogue_does_not_contradict_itself() -> None:
    version = catalogue()
    label = Label(zh="示例", en="example")
    wrong = [
        msgspec.structs.replace(version, items=[*version.items, version.items[0]]),
        msgspec.structs.replace(version, measures=version.lists),
        msgspec.structs.replace(version, purposes=[*version.purposes, version.purposes[0]]),
        msgspec.structs.replace(version, purposes=[PurposeNode(code="a.b", name=label)]),
        with_item("penalty", severities=None),
        with_item("permit", severities=version.items[1].severities),
        with_item("penalty", severities=[SeverityTerm(severity="minor", minimum_days=91, maximum_days=90)]),
        with_item("penalty", severities=[SeverityTerm(severity="minor", minimum_days=1, maximum_days=90)] * 2),
        with_item("penalty", subject_classes=["organisation", "enterprise"]),
        with_item("penalty", sources=list(reversed(version.items[1].sources))),
        with_item("permit", fields=[*version.items[2].fields, version.items[2].fields[0]]),
    ]
    for catalogue_version in wrong:
        with pytest.raises(CatalogueShape):
            check_catalogue(catalogue_version)

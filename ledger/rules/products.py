"""product.issue: reports, evaluations, scores and absences, and what they may be made of (PRO-1 to PRO-4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.errors import FormError, StateError, Text
from ledger.kinds.genesis import Catalogue
from ledger.kinds.products import ProductIssue
from ledger.references import ReferenceSet
from ledger.rules.consented import find_consents
from ledger.rules.listed import check_items
from ledger.rules.loading import check_sorted
from ledger.rules.product_inputs import Held, Input, Inputs, find_inputs, input_needs
from ledger.rules.purposes import current_catalogue, gra_8, purposes_of
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import item_of, member
from ledger.scope import OutsideScope, check_purpose
from ledger.state.authority_tables import PRODUCT, RESTS, ProductState, RestsState
from ledger.state.effects import Effects
from ledger.state.tables import MemberState
from ledger.state.view import BlockView, Need
from ledger.times import day_end, day_start

PUBLIC_ROLES = frozenset({"hub", "publisher", "regulator"})
MARKET_ROLES = frozenset({"user", "service", "operator"})
"""A source counts as public sector unless it has a role of the market, too (PRO-3)."""


class ProductForm(FormError):
    """Fields that do not go with the form of the product."""

    code = "product.form"
    what = Text("The product's fields do not fit its form: {detail}.", "产品字段与其类型不符：{detail_zh}。")
    next_step = Text(
        "Compare it with `suyuan schema product.issue`.", "请与 `suyuan schema product.issue` 的输出对照。"
    )


class NotReplaceable(StateError):
    """What is replaced is another member's, or was replaced before."""

    code = "product.replaces"
    what = Text("{product} cannot be replaced by this one.", "{product} 不能由本产品替代。")
    next_step = Text("Name your own newest product.", "请引用本方最新的产品。")


@dataclass(frozen=True, slots=True)
class ProductCase:
    """A product being issued."""

    context: Context
    view: BlockView
    payload: ProductIssue
    signer: MemberState
    current: Catalogue
    inputs: Inputs
    replaced: ProductState | None

    @property
    def purpose(self) -> str:
        """The purpose of the product."""
        return self.payload.purpose


@rule(
    "PRO-1",
    recorded=True,
    demand=Text(
        "The issuer of a product is or was given each of its inputs: its own records, records released to it, "
        "hand-overs to it, its own products",
        "产品的每项输入须为出具方自有记录、已向其释放的记录、以其为接收方的传输或其自有产品",
    ),
    next_step=Text("Receive the inputs under a live grant first.", "请先依有效授权接收这些输入。"),
)
def pro_1(case: ProductCase) -> None:
    """PRO-1: inputs held by the issuer. Whether they still may be used is PRO-2."""
    iss = case.context.iss
    for id_, transfer in case.inputs.transfers:
        if transfer.receiver != iss or transfer.released_at is None or transfer.status == "cancelled":
            raise broken("PRO-1", f"hand-over {id_} gave the issuer nothing", f"传输 {id_} 未向出具方释放数据")
    for id_, product in case.inputs.products:
        if product.issuer != iss:
            raise broken("PRO-1", f"product {id_} is {product.issuer}'s", f"产品 {id_} 属于 {product.issuer}")
    for one in case.inputs.records:
        for first in one.missing(one.ever):
            raise broken("PRO-1", f"the issuer does not hold {first}", f"出具方不持有 {first}")


@rule(
    "PRO-2",
    recorded=True,
    demand=Text(
        "Inputs that have expired, were stopped or erased, or are stale products, are not used",
        "已过期、已停止、已删除的输入或已失效的产品不得使用",
    ),
    next_step=Text("Leave them out, or take the newest version.", "请予以剔除，或使用最新版本。"),
)
def pro_2(case: ProductCase) -> None:
    """PRO-2: no input ended, past its retention or data life, under an ended grant or consent, erased, or stale."""
    for one in case.inputs.records:
        _check_record(case, one)
    for id_, product in case.inputs.products:
        if product.stale is not None:
            raise broken("PRO-2", f"product {id_} is stale since {product.stale}", f"产品 {id_} 已失效")


def _check_record(case: ProductCase, one: Input) -> None:
    for name, ended in one.ended:
        raise broken("PRO-2", f"{name} was {ended.how} by {ended.by}", f"{name} 已因 {ended.by} 终止（{ended.how}）")
    if one.erased is not None:
        raise broken("PRO-2", f"{one.erased} is erased or to be erased", f"{one.erased} 已删除或须删除")
    for _, state in one.disputed:
        if state.upheld is not None:
            raise broken("PRO-2", f"a dispute was upheld by {state.upheld}", f"异议已成立（{state.upheld}）")
    if case.context.time >= day_end(one.listed.record.retention_end):
        raise broken("PRO-2", f"the retention of {one.listed.id} has ended", f"{one.listed.id} 的保存期限已届满")
    for first in one.missing(one.live):
        raise broken("PRO-2", f"{first} may not be held any longer", f"{first} 已不得继续持有")


@rule(
    "PRO-3",
    demand=Text(
        "Evaluations and scores of persons take evaluable fields only, and those by the public sector serve "
        "incentives only",
        "对自然人的评价与评分只能使用可评价字段；公共部门作出的仅可用于激励",
    ),
    next_step=Text(
        "Leave the other fields out; state `serves` as incentive.", "请剔除其他字段，并将 `serves` 写为 incentive。"
    ),
)
def pro_3(case: ProductCase) -> None:
    """PRO-3: judged by the class stated and by the classes of the inputs; a catalogue marks each field."""
    payload = case.payload
    persons = payload.subject_class == "person" or any(
        one.listed.record.subject_class == "person" for one in case.inputs.records
    )
    if payload.form not in ("evaluation", "score") or not persons:
        return
    for code, names in payload.items.items():
        item = item_of(case.current, code)
        evaluable = {field.name for field in item.fields if field.evaluable} if item else set()
        for name in names:
            if name not in evaluable:
                raise broken("PRO-3", f"field {code}.{name} is not evaluable", f"字段 {code}.{name} 不可用于评价")
    roles = set(case.signer.roles)
    public = roles & PUBLIC_ROLES or ("source" in roles and not roles & MARKET_ROLES)
    if public and payload.serves != "incentive":
        raise broken("PRO-3", "a public-sector evaluation serves more than incentives", "公共部门评价未限于激励用途")


@rule(
    "PRO-4",
    recorded=True,
    demand=Text(
        "Purpose and fields of a product lie inside the grants under which its inputs came; its items are those of its "
        "inputs",
        "产品的用途与字段须在取得其输入的授权之内，事项须为其输入的事项",
    ),
    next_step=Text("Use less, or obtain a wider grant.", "请缩小使用范围，或取得更大的授权。"),
)
def pro_4(case: ProductCase) -> None:
    """PRO-4: no use beyond authority (compare USE-1, TRA-2). Own records need no grant."""
    purposes = purposes_of(case.current)
    for one in case.inputs.records:
        item = one.listed.record.item
        if item not in case.payload.items:
            raise broken("PRO-4", f"{one.listed.id} is of item {item}", f"{one.listed.id} 属于事项 {item}")
        fit = [held for held in one.live if _fits(held, case.payload, item, purposes)]
        for first in one.missing(fit):
            raise broken(
                "PRO-4",
                f"no grant of {first} allows this purpose and these fields",
                f"{first} 的授权不允许此用途或字段",
            )


def _fits(held: Held, payload: ProductIssue, item: str, purposes: frozenset[str]) -> bool:
    scope = held.under.scope
    try:
        check_purpose(scope.purpose, payload.purpose, purposes)
    except OutsideScope:
        return False
    return set(payload.items[item]) <= set(scope.items.get(item, ()))


def _needs(context: Context, payload: ProductIssue, view: BlockView) -> Iterator[Need]:
    yield from input_needs(context, payload, view)
    yield from (Need("consent", id_) for id_ in payload.consents or [])
    if payload.replaces is not None:
        yield Need("product", payload.replaces)


def _case(context: Context, payload: ProductIssue, view: BlockView) -> ProductCase:
    _check_form(payload)
    current = current_catalogue(view)
    check_items(current, payload.items)
    find_consents(view, payload.consents or [])
    replaced = None if payload.replaces is None else view.find(PRODUCT, payload.replaces)
    if payload.replaces is not None and replaced is None:
        raise UnknownReference(field="replaces", name=payload.replaces, kind="product.issue")
    if replaced is not None and (replaced.issuer != context.iss or replaced.replaced is not None):
        raise NotReplaceable(product=payload.replaces or "")
    inputs = find_inputs(context, payload, view)
    return ProductCase(context, view, payload, member(view, context.iss), current, inputs, replaced)


def _check_form(payload: ProductIssue) -> None:
    for item, fields in payload.items.items():
        check_sorted(f"items.{item}", fields)
    for name in ("transfers", "products", "consents"):
        check_sorted(name, getattr(payload, name) or [])
    absence, evaluation = payload.form == "absence", payload.form in ("evaluation", "score")
    if absence != (payload.period is not None):
        raise ProductForm(detail="an absence, and only that, names a period", detail_zh="仅无不良记录证明须写明时段")
    if payload.period is not None and day_start(payload.period.first) > day_start(payload.period.last):
        raise ProductForm(detail="the period ends before it begins", detail_zh="时段终止早于起始")
    if evaluation != (payload.serves is not None):
        raise ProductForm(
            detail="an evaluation or score, and only that, says what it serves", detail_zh="仅评价或评分须写明用途性质"
        )
    if not absence and not (payload.references or payload.transfers or payload.products):
        raise ProductForm(detail="it names no inputs", detail_zh="未写明输入")


def _effects(case: ProductCase) -> Effects:
    effects, context, payload, inputs = Effects(), case.context, case.payload, case.inputs
    state = ProductState(
        issuer=context.iss,
        form=payload.form,
        purpose=payload.purpose,
        inputs=_rests_on(inputs).entries,
        products=tuple(id_ for id_, _ in inputs.products),
        index=context.index,
    )
    effects.put(PRODUCT, context.id, state)
    for id_, ranges in inputs.references.entries:
        effects.put(RESTS, id_, RestsState(issuer=context.iss, ranges=ranges), context.id)
        effects.edge(id_, context.id, "input", ranges)
    for id_, _ in inputs.transfers:
        effects.edge(id_, context.id, "input")
    for id_, _ in inputs.products:
        effects.put(RESTS, id_, RestsState(issuer=context.iss, ranges=()), context.id)
        effects.edge(id_, context.id, "input")
    for id_ in payload.consents or []:
        effects.edge(id_, context.id, "consents")
    if payload.replaces is not None and case.replaced is not None:
        _replace(effects, context, payload.replaces, case.replaced)
    return effects


def _rests_on(inputs: Inputs) -> ReferenceSet:
    """Return every record the product rests on, those of its input products included."""
    found = inputs.references
    for _, product in inputs.products:
        found = found.union(ReferenceSet(product.inputs))
    return found


def _replace(effects: Effects, context: Context, product: str, state: ProductState) -> None:
    """The product before is no longer in force; if it was stale, that is put right."""
    effects.put(PRODUCT, product, msgspec.structs.replace(state, replaced=context.id))
    effects.edge(product, context.id, "replaces")
    if state.stale is not None:
        effects.clear("F-STALE-PRODUCT", product, state.issuer, (product, context.id), "PRO-5")


handle(KindRules("product.issue", ProductIssue, _needs, _case, (pro_3, gra_8, pro_1, pro_2, pro_4), _effects))

"""Rules as functions with ids, and how a kind is judged.

A rule is one function decorated with `@rule("TRA-2", ...)`: it takes the case of a statement and either returns, or
raises with `broken(...)`. `grep TRA-2` finds it. A kind is a `KindRules`: what to load, how to make the case, its rules
in order and what it changes. Rules that leave no leaf are judged first, then the recorded ones, (R), each in order; the
first failure decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ledger.errors import StateError, SuyuanError, Text
from ledger.kinds.fields import Payload
from ledger.state.effects import Effects
from ledger.state.view import BlockView, Need


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: id, whether a violation is recorded as a refusal (R), what it demands, what to do when it is broken."""

    id: str
    recorded: bool
    demand: Text
    next_step: Text


RULES: dict[str, Rule] = {}
"""Every rule by id, in the order of definition."""

_RULE_OF: dict[Callable[..., None], str] = {}


class RuleError(SuyuanError):
    """A rule is broken. `rule` is the id; `detail` says what was wrong in this case, in both languages."""

    code = "rule"

    def __init__(self, rule: str, detail: Text) -> None:
        self.rule = rule
        self.detail = detail
        super().__init__(rule=rule)

    @property
    def stable_code(self) -> str:
        """The rule's id."""
        return self.rule

    @property
    def recorded(self) -> bool:
        """Whether the attempt is recorded as a refusal entry."""
        return RULES[self.rule].recorded

    def message(self, language: str = "en") -> str:
        """What happened in this case, and what the rule demands."""
        demand = RULES[self.rule].demand
        if language == "zh":
            return f"违反规则 {self.rule}：{self.detail.zh}。{demand.zh}"
        return f"{self.rule}: {self.detail.en}. {demand.en}"

    def advice(self, language: str = "en") -> str:
        """What to do next."""
        step = RULES[self.rule].next_step
        return step.zh if language == "zh" else step.en


class UnknownReference(StateError):
    """A statement names another that is not logged, or not of the kind it must be."""

    code = "reference.unknown"
    what = Text("{field} names {name}, which is not a logged {kind}.", "{field} 引用的 {name} 不是已入账的 {kind}。")
    why = Text("A reference must be logged before it is used.", "被引用的语句必须先入账。")
    next_step = Text(
        "Wait until it is integrated, or correct the reference; nothing was recorded.",
        "请等待其入账或更正引用；本次未记入账本。",
    )


F = TypeVar("F", bound=Callable[..., None])


def rule(id_: str, *, recorded: bool = False, demand: Text, next_step: Text) -> Callable[[F], F]:
    """Register the decorated function as the code of rule `id_`. An id has one function."""

    def register(function: F) -> F:
        if id_ in RULES:
            raise ValueError(f"rule {id_} has two functions")
        RULES[id_] = Rule(id_, recorded, demand, next_step)
        _RULE_OF[function] = id_
        return function

    return register


def code_of(id_: str) -> Callable[..., None]:
    """Return the function that is the code of rule `id_`; raises KeyError for an id that is no rule."""
    return {name: function for function, name in _RULE_OF.items()}[id_]


def broken(id_: str, en: str, zh: str) -> RuleError:
    """Return the error of rule `id_` with what was wrong in this case."""
    return RuleError(id_, Text(en, zh))


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know of the statement besides its payload. `time` is the block's, in ms; `index` its leaf's."""

    id: str
    kind: str
    iss: str
    sub: str
    kid: str
    iat: int
    index: int
    time: int
    origin: str


P = TypeVar("P", bound=Payload)
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class KindRules(Generic[P, C]):
    """How one kind is judged.

    `needs(context, payload, view)` names rows to load; it is called again after each load until nothing is missing, so
    it may use what is there (`view.find` of a row it named before; it must treat NotLoaded as "name it first").
    `case(context, payload, view)` looks everything up once and raises UnknownReference for dangling references.
    """

    kind: str
    payload: type[P]
    needs: Callable[[Context, P, BlockView], Iterable[Need]]
    case: Callable[[Context, P, BlockView], C]
    rules: tuple[Callable[[C], None], ...]
    effects: Callable[[C], Effects]
    meets_duty: bool = False

    def admit(self, context: Context, payload: P, view: BlockView) -> Effects:
        """Judge the statement and return its effects; raises StateError or RuleError (recorded ones are refusals)."""
        case = self.case(context, payload, view)
        for check in sorted(self.rules, key=lambda function: RULES[_RULE_OF[function]].recorded):
            check(case)
        return self.effects(case)

    def rule_ids(self) -> tuple[str, ...]:
        """Ids of the rules that judge this kind, in order."""
        return tuple(_RULE_OF[function] for function in self.rules)


HANDLERS: dict[str, KindRules[Any, Any]] = {}
"""How each kind is judged, by its name; filled by the modules of this package."""


def handle(rules: KindRules[Any, Any]) -> None:
    """Register how a kind is judged; each kind once."""
    if rules.kind in HANDLERS:
        raise ValueError(f"kind {rules.kind} is handled twice")
    HANDLERS[rules.kind] = rules

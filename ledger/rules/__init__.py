"""The rules of DOMAIN.md as pure functions; importing this package registers all of them."""

from ledger.rules import (
    catalogue,
    consents,
    contracts,
    disputes,
    founding,
    governance,
    grants,
    keys,
    linking,
    mandates,
    records,
    transfers,
    uses,
)
from ledger.rules.registry import HANDLERS, RULES, Context, KindRules, Rule, RuleError, UnknownReference

__all__ = [
    "HANDLERS",
    "RULES",
    "Context",
    "KindRules",
    "Rule",
    "RuleError",
    "UnknownReference",
    "catalogue",
    "consents",
    "contracts",
    "disputes",
    "founding",
    "governance",
    "grants",
    "keys",
    "linking",
    "mandates",
    "records",
    "transfers",
    "uses",
]

"""The rules as pure functions (docs/rules.md); importing this package registers all of them."""

from ledger.rules import catalogue, contracts, founding, grants, keys, records, transfers, uses
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
    "contracts",
    "founding",
    "grants",
    "keys",
    "records",
    "transfers",
    "uses",
]

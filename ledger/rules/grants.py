"""Authority (授权): the kinds `grant.*`; importing this module registers their rules."""

from ledger.rules import grant_answers, grant_issue, grant_life

__all__ = ["grant_answers", "grant_issue", "grant_life"]

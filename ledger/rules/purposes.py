"""Purposes of the catalogue in force, and the rule that they compare by its tree (GRA-8)."""

from __future__ import annotations

from typing import Protocol

from ledger.errors import Text
from ledger.kinds.genesis import Catalogue
from ledger.rules.registry import broken, rule
from ledger.rules.standing import catalogue
from ledger.state.view import BlockView


class Purposed(Protocol):
    """A case that states a purpose under the catalogue in force."""

    @property
    def current(self) -> Catalogue:
        """The catalogue in force."""
        ...

    @property
    def purpose(self) -> str:
        """The purpose stated."""
        ...


def current_catalogue(view: BlockView) -> Catalogue:
    """Return the catalogue in force."""
    current = catalogue(view)
    assert current is not None, "genesis publishes the first catalogue"
    return current


def purposes_of(current: Catalogue) -> frozenset[str]:
    """Return the purpose codes of a catalogue version."""
    return frozenset(purpose.code for purpose in current.purposes)


@rule(
    "GRA-8",
    demand=Text(
        "A purpose must stand in the catalogue's tree of purposes, by which purposes compare",
        "用途须在目录的用途树中，并按该树比较",
    ),
    next_step=Text("Choose a purpose of the catalogue in force.", "请选用现行目录中的用途。"),
)
def gra_8(case: Purposed) -> None:
    """GRA-8: purposes compare by the catalogue's tree, never by text (see `ledger.scope.check_purpose`)."""
    if case.purpose not in purposes_of(case.current):
        raise broken("GRA-8", f"the catalogue has no purpose {case.purpose}", f"目录中没有用途 {case.purpose}")

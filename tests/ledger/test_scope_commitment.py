from __future__ import annotations

from hashlib import sha256

import cbor2
import pytest

from ledger.encoding import WrongSize
from ledger.references import ReferenceSet
from ledger.scope_commitment import ScopeMembers, ScopeMismatch, ScopeOpening

SALT = bytes(range(32))
ID = "a" * 64
REFERENCES = ReferenceSet(((ID, ((3, 4),)), ("b" * 64, ())))


def test_the_bytes_are_those_of_the_specification() -> None:
    stated = cbor2.dumps([1, SALT, [[ID, [[3, 4]]], ["b" * 64, []]], ["M1", "M2"]], canonical=True)
    expected = sha256(b"suyuan/scope\x00" + stated).hexdigest()
    assert ScopeOpening(SALT, REFERENCES, ("M1", "M2")).commitment() == expected


def test_every_part_counts() -> None:
    made = [
        ScopeOpening(SALT, REFERENCES, ("M1", "M2")),
        ScopeOpening(SALT, REFERENCES, ("M1",)),
        ScopeOpening(SALT, REFERENCES),
        ScopeOpening(SALT, ReferenceSet(), ("M1", "M2")),
        ScopeOpening(bytes(32), REFERENCES, ("M1", "M2")),
    ]
    assert len({opening.commitment() for opening in made}) == len(made)
    made[0].check(made[0].commitment())
    with pytest.raises(ScopeMismatch):
        made[1].check(made[0].commitment())


def test_one_scope_has_one_form() -> None:
    for members in (("M2", "M1"), ("M1", "M1")):
        with pytest.raises(ScopeMembers):
            ScopeOpening(SALT, REFERENCES, members)
    with pytest.raises(WrongSize):
        ScopeOpening(b"short", REFERENCES)

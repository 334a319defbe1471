"""Subject tags and links."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import subject as s
from ledger.codes import CodeCheckDigit, CodeLength, fictional_resident_number, fictional_uscc
from ledger.encoding import WrongSize

KEY, RECORD_KEY = b"k" * 32, b"r" * 32
ORGANISATION, PERSON = fictional_uscc(5), fictional_resident_number(5)


def test_a_tag_is_the_hmac_of_class_and_identifier() -> None:
    expected = hmac.new(KEY, b"suyuan/subject\x00enterprise\x00" + ORGANISATION.encode(), hashlib.sha256).digest()
    assert s.subject_tag(KEY, "enterprise", ORGANISATION) == expected
    assert s.subject_value(KEY, "enterprise", ORGANISATION, RECORD_KEY) == expected
    assert s.subject_tag(KEY, "government", ORGANISATION) != expected


def test_a_person_has_another_value_in_every_record() -> None:
    tag = s.subject_tag(KEY, "person", PERSON)
    expected = hmac.new(RECORD_KEY, b"suyuan/link\x00" + tag, hashlib.sha256).digest()
    assert s.subject_value(KEY, "person", PERSON, RECORD_KEY) == expected == s.person_link(RECORD_KEY, tag)
    assert s.subject_value(KEY, "person", PERSON, b"s" * 32) != expected


@given(st.integers(0, 9999), st.sampled_from(["", " ", "\u3000", "\n"]), st.booleans())
def test_writing_does_not_matter(serial: int, blank: str, wide: bool) -> None:
    for subject_class, plain in (("person", fictional_resident_number(serial)), ("enterprise", fictional_uscc(serial))):
        text = "".join(chr(ord(c) + 0xFEE0) for c in plain) if wide else plain.lower()
        assert s.normalise_identifier(subject_class, blank + text + blank) == plain


def test_other_documents() -> None:
    assert s.normalise_identifier("organisation", "d00000013") == "D00000013"
    assert s.normalise_identifier("person", "ea0000000") == "EA0000000"
    for text in ("", "A1", "A 1234567", "身份证0000"):
        with pytest.raises(s.SubjectIdentifier):
            s.normalise_identifier("person", text)


def test_what_has_no_tag() -> None:
    with pytest.raises(s.SubjectClass):
        s.subject_tag(KEY, "company", ORGANISATION)
    with pytest.raises(CodeCheckDigit):
        s.subject_tag(KEY, "enterprise", ORGANISATION[:-1] + ("0" if ORGANISATION[-1] != "0" else "1"))
    with pytest.raises(CodeLength):
        s.subject_tag(KEY, "enterprise", "1")
    with pytest.raises(WrongSize):
        s.subject_tag(b"", "enterprise", ORGANISATION)
    with pytest.raises(WrongSize):
        s.person_link(b"", bytes(32))
    with pytest.raises(WrongSize):
        s.person_link(RECORD_KEY, b"")
    with pytest.raises(WrongSize):
        s.epoch_commitment(b"", 1, persons=True)


def test_epoch_commitments_differ_by_epoch_group_and_key() -> None:
    made = {
        s.epoch_commitment(key, n, persons=p) for key in (KEY, RECORD_KEY) for n in (0, 1, 2) for p in (True, False)
    }
    assert len(made) == 12
    with pytest.raises(s.LinkingEpoch):
        s.epoch_commitment(KEY, -1, persons=True)

"""Subject values: how a record names its subject without naming it (docs/spec/records.md).

Organisations carry a keyed tag, which whoever holds the linking key can recompute. A person carries a link made from
the tag and the record's own key, so that nothing on the ledger joins two records of one person.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from typing import Final

from ledger.codes import (
    ORGANISATION_CODE_LENGTH,
    RESIDENT_NUMBER_LENGTH,
    check_organisation_code,
    check_resident_number,
    check_uscc,
)
from ledger.encoding import DIGEST_SIZE, require_size
from ledger.errors import FormError, Text

PERSON: Final = "person"
ORGANISATION_CLASSES: Final = ("government", "enterprise", "organisation")
SUBJECT_CLASSES: Final = (*ORGANISATION_CLASSES, PERSON)
LINKING_KEY_SIZE: Final = 32

_OTHER_DOCUMENT = re.compile(r"[A-Z0-9]{5,17}")


class SubjectClass(FormError):
    """A subject class that does not exist."""

    code = "form.subject.class"
    what = Text("There is no subject class {name}.", "不存在主体类别 {name}。")


class SubjectIdentifier(FormError):
    """An identifier that no document of a person has."""

    code = "form.subject.identifier"
    what = Text("The identifier is not a known form of personal document number.", "标识不是已知的证件号码形式。")


class LinkingEpoch(FormError):
    """A linking epoch below zero."""

    code = "form.subject.epoch"
    what = Text("Linking epoch {epoch} does not exist.", "关联密钥期次 {epoch} 不存在。")


def normalise_identifier(subject_class: str, identifier: str) -> str:
    """Return the identifier in the form that is hashed: NFKC, trimmed, upper case, its check digit valid.

    Organisations: a unified social credit code or a 9-character organisation code. Persons: a resident number of 18
    characters, or another document number of 5 to 17 letters and digits. Raises `SubjectClass`, `SubjectIdentifier`
    or the errors of `ledger.codes`.
    """
    if subject_class not in SUBJECT_CLASSES:
        raise SubjectClass(name=subject_class)
    text = unicodedata.normalize("NFKC", identifier).strip().upper()
    if subject_class != PERSON:
        return check_organisation_code(text) if len(text) == ORGANISATION_CODE_LENGTH else check_uscc(text)
    if len(text) == RESIDENT_NUMBER_LENGTH:
        return check_resident_number(text)
    if _OTHER_DOCUMENT.fullmatch(text) is None:
        raise SubjectIdentifier
    return text


def subject_tag(linking_key: bytes, subject_class: str, identifier: str) -> bytes:
    """Return the 32-byte tag of a subject under the 32-byte linking key of an epoch; raises as above, `WrongSize`."""
    require_size(linking_key, LINKING_KEY_SIZE, "linking key")
    text = normalise_identifier(subject_class, identifier)
    message = b"\x00".join((b"suyuan/subject", subject_class.encode("ascii"), text.encode("ascii")))
    return hmac.digest(linking_key, message, "sha256")


def person_link(record_key: bytes, tag: bytes) -> bytes:
    """Return the 32-byte link of one record of a person, from the record's 32-byte key; raises `WrongSize`."""
    require_size(record_key, DIGEST_SIZE, "record key")
    require_size(tag, DIGEST_SIZE, "subject tag")
    return hmac.digest(record_key, b"suyuan/link\x00" + tag, "sha256")


def subject_value(linking_key: bytes, subject_class: str, identifier: str, record_key: bytes) -> bytes:
    """Return what a record carries for its subject: the tag, or for a person the link; raises as `subject_tag`."""
    tag = subject_tag(linking_key, subject_class, identifier)
    return person_link(record_key, tag) if subject_class == PERSON else tag


def epoch_commitment(linking_key: bytes, epoch: int, *, persons: bool) -> bytes:
    """Return the 32 bytes by which `linking.epoch` commits to a key without giving it away.

    HMAC-SHA256(linking key, "suyuan/linking-epoch" ‖ 0x00 ‖ "persons" or "organisations" ‖ 0x00 ‖ decimal epoch).
    The key is uniformly random, so the commitment hides it. Raises `LinkingEpoch` or `WrongSize`.
    """
    require_size(linking_key, LINKING_KEY_SIZE, "linking key")
    if epoch < 0:
        raise LinkingEpoch(epoch=epoch)
    group = b"persons" if persons else b"organisations"
    message = b"\x00".join((b"suyuan/linking-epoch", group, str(epoch).encode("ascii")))
    return hmac.digest(linking_key, message, "sha256")

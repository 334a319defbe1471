"""What a vault hands out: its rows as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.commitment import FieldValue
from ledger.encoding import CborValue, decode_canonical, encode_cbor
from ledger.errors import FormError
from ledger.references import Reference

FieldRow = tuple[str, bytes, FieldValue]
"""Name, salt (32 bytes) and value of one disclosed field."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record of the member's own: all its values and its 32-byte record key, from which every salt follows."""

    reference: Reference
    item: str
    catalogue: int
    subject_class: str
    subject_value: bytes
    epoch: int
    values: dict[str, FieldValue]
    record_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DisclosedRecord:
    """What can be shown of a record: some fields in catalogue order, and what proves them (docs/spec/package.md).

    `salt` is the record leaf's; `hidden` the hashes of the parts of the record tree that are not shown; `subject` the
    32-byte subject value.
    """

    reference: Reference
    item: str
    catalogue: int
    subject: bytes
    salt: bytes = field(repr=False)
    fields: tuple[FieldRow, ...] = field(repr=False)
    hidden: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Return the bytes that the vault stores."""
        fields: list[CborValue] = [[name, salt, value] for name, salt, value in self.fields]
        return encode_cbor([self.item, self.catalogue, self.subject, self.salt, fields, list(self.hidden)])

    @classmethod
    def decode(cls, reference: Reference, data: bytes) -> DisclosedRecord:
        """Read what `encode` wrote; raises a `FormError` for anything else."""
        match decode_canonical(data):
            case [str(item), int(catalogue), bytes(subject), bytes(salt), list(fields), list(hidden)]:
                return cls(
                    reference, item, catalogue, subject, salt,
                    tuple(read_field(row) for row in fields), tuple(read_hash(step) for step in hidden),
                )  # fmt: skip
        raise FormError(detail="a stored disclosure has not its six members")


def read_field(value: CborValue) -> FieldRow:
    """Return one `[name, salt, value]`; raises `FormError`."""
    match value:
        case [str(name), bytes(salt), str() | int() | bool() | None as held]:
            return name, salt, held
    raise FormError(detail="a field is not [name, salt, value]")


def read_hash(value: CborValue) -> bytes:
    """Return one hash of 32 bytes; raises `FormError`."""
    if not isinstance(value, bytes) or len(value) != 32:
        raise FormError(detail="a proof step is not 32 bytes")
    return value


@dataclass(frozen=True, slots=True)
class Package:
    """A package as it was sealed: ciphertext and content key; either is None once it was destroyed."""

    digest: str
    ciphertext: bytes | None = field(repr=False)
    content_key: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class OneTimeKey:
    """The X25519 key of one hand-over, 32 bytes each; the secret is None once it was destroyed."""

    offer: str
    public: bytes
    secret: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a hand-over has come on this side. `detail` is JSON text of what the step needs to go on."""

    id: str
    side: str
    offer: str | None
    step: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A statement that was signed to be submitted; `log_index` is None until its place is known."""

    name: str
    id: str
    raw: bytes
    log_index: int | None


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure destroyed, for the attestation: numbers of rows, and the digests of the packages."""

    records: int
    disclosures: int
    packages: tuple[str, ...]
    one_time_keys: int

"""Building records: record keys, commitments and subject values, for one record or a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from clients.vault.rows import StoredRecord
from ledger.commitment import RECORD_KEY_SIZE, FieldValue, RecordForm, record_commitment
from ledger.errors import ConfigError, FormError, Text
from ledger.kinds.fields import LegalBasis, Severity, SubjectClass
from ledger.kinds.records import Subject
from ledger.manifest import Manifest, build_manifest
from ledger.references import Reference
from ledger.subject import PERSON, subject_value

RandomBytes = Callable[[int], bytes]


class LinkingKeyMissing(ConfigError):
    """There is no linking key for that kind of subject."""

    code = "gateway.linking_key"
    what = Text("There is no linking key for subjects of class {name}.", "缺少 {name} 类主体的关联密钥。")
    next_step = Text("Get the epoch's key from the hub.", "请向平台获取本期关联密钥。")


class MixedBatch(FormError):
    """A batch with subjects of several classes."""

    code = "gateway.mixed_batch"
    what = Text("All records of a batch have one subject class.", "同一批次的记录应属同一主体类别。")
    next_step = Text("Make one batch for each class.", "请按主体类别分批。")


@dataclass(frozen=True, slots=True)
class LinkingKey:
    """A linking key of 32 bytes and its epoch."""

    epoch: int
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LinkingKeys:
    """The linking keys of a source: one for organisations, one of their own for persons."""

    organisations: LinkingKey | None = None
    persons: LinkingKey | None = None

    def for_class(self, subject_class: str) -> LinkingKey:
        """Return the key for a subject class; raises `LinkingKeyMissing`."""
        key = self.persons if subject_class == PERSON else self.organisations
        if key is None:
            raise LinkingKeyMissing(name=subject_class)
        return key


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to be made: its subject by class and raw identifier (which never leaves this side), and its values."""

    subject_class: SubjectClass
    identifier: str = field(repr=False)
    values: Mapping[str, FieldValue] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the statement says of its records besides their content; days are `YYYY-MM-DD` in UTC+08:00."""

    event_day: str
    retention_end: str
    severity: Severity | None = None
    basis: LegalBasis | None = None
    performance: str | None = None


@dataclass(frozen=True, slots=True)
class BuiltRecord:
    """A record with its fresh key, its 32-byte commitment and its subject, before it has a reference."""

    form: RecordForm
    subject: Subject
    commitment: bytes
    values: dict[str, FieldValue] = field(repr=False)
    record_key: bytes = field(repr=False)

    def stored(self, reference: Reference) -> StoredRecord:
        """Return what the vault keeps once the reference is known."""
        return StoredRecord(
            reference,
            self.form.item,
            self.form.version,
            self.subject.class_,
            bytes.fromhex(self.subject.value),
            self.subject.epoch,
            self.values,
            self.record_key,
        )


@dataclass(frozen=True, slots=True)
class BuiltBatch:
    """A manifest and its records in the order of its rows."""

    manifest: Manifest
    records: tuple[BuiltRecord, ...]


def build_record(new: NewRecord, form: RecordForm, linking: LinkingKeys, random_bytes: RandomBytes) -> BuiltRecord:
    """Draw a record key and commit to the record.

    Raises `LinkingKeyMissing`, `RecordFieldUnknown`, `RecordFieldValue`, or the errors of `normalise_identifier`.
    """
    linking_key = linking.for_class(new.subject_class)
    record_key = random_bytes(RECORD_KEY_SIZE)
    value = subject_value(linking_key.key, new.subject_class, new.identifier, record_key)
    subject = Subject(class_=new.subject_class, value=value.hex(), epoch=linking_key.epoch)
    values = dict(new.values)
    return BuiltRecord(form, subject, record_commitment(form, record_key, values), values, record_key)


def build_batch(
    rows: Sequence[NewRecord], form: RecordForm, linking: LinkingKeys, random_bytes: RandomBytes
) -> BuiltBatch:
    """Build the records of a batch and its manifest, sorted by subject value and commitment.

    Raises as `build_record`, `MixedBatch`, and `ManifestLength` for none or too many.
    """
    if len({row.subject_class for row in rows}) > 1:
        raise MixedBatch
    built = [build_record(row, form, linking, random_bytes) for row in rows]
    built.sort(key=_manifest_row)
    manifest = build_manifest((bytes.fromhex(record.subject.value), record.commitment) for record in built)
    return BuiltBatch(manifest, tuple(built))


def _manifest_row(record: BuiltRecord) -> tuple[bytes, bytes]:
    return bytes.fromhex(record.subject.value), record.commitment

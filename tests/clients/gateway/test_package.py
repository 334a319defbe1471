"""The plaintext of a package, read strictly; and its check against offer and ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.gateway.checking import DeliveryMismatch, check_delivery
from clients.gateway.disclosed import DisclosedFields, commitment_of, content_row, disclose, disclose_less
from clients.gateway.package import PackageMalformed, Source, decode_package, encode_package
from clients.gateway.packing import gather
from clients.vault.rows import DisclosedRecord
from ledger.commitment import RecordFieldUnknown
from ledger.content import content_root
from ledger.cose import byte_string
from ledger.encoding import CborValue, decode_canonical, encode_cbor
from ledger.errors import SuyuanError
from ledger.kinds.transfers import TransferOffer
from ledger.references import Reference
from tests.clients.gateway.story import PERSON_FIELDS, Story, rows

ITEMS = {"credit_person": PERSON_FIELDS, "penalty": ["CF_NR", "CF_XDR_MC"]}
Spoil = Callable[[list[CborValue]], object]


class Delivered:
    """An honest package of three batch rows and one record, with the offer that announces it."""

    def __init__(self, story: Story) -> None:
        self.forms = story.forms
        self.references = rows(story.batch(), 0, 5, 6).union(rows(story.penalty()))
        self.sources = gather(story.vaults["source"], story.forms, self.references, ITEMS)
        self.plaintext = encode_package(self.sources)
        root = content_root([content_row(row) for source in self.sources for row in source.rows])
        body = {
            "v": 1, "sub": "s", "kind": "transfer.offer", "grant": "0" * 64, "acceptance": "0" * 64,
            "receiver": "9" * 18, "references": self.references.to_json(), "items": ITEMS, "purpose": "credit",
            "content_root": root.hex(), "key_commitment": "0" * 64, "ciphertext": "0" * 64, "size": 1,
            "deadline": "2026-03-01T00:00:00Z",
        }  # fmt: skip
        self.offer = msgspec.convert(body, TransferOffer)

    def items(self) -> list[CborValue]:
        return [decode_canonical(item) for item in split(self.plaintext)]

    def batch(self) -> int:
        """Which of the two sources is the batch: they are ordered by id."""
        return next(place for place, source in enumerate(self.sources) if source.proof)

    def spoilt(self, source: int, **changes: object) -> list[Source]:
        """Return the sources with the first row of one of them changed."""
        made = list(self.sources)
        first, *others = made[source].rows
        made[source] = replace(made[source], rows=(replace(first, **changes), *others))  # type: ignore[arg-type]
        return made


@pytest.fixture
def delivered(story: Story) -> Delivered:
    return Delivered(story)


def split(plaintext: bytes) -> Iterator[bytes]:
    import io

    import cbor2

    stream = io.BytesIO(plaintext)
    while stream.tell() < len(plaintext):
        yield cbor2.CBORDecoder(stream, read_size=1).decode()


def joined(items: list[CborValue]) -> bytes:
    return b"".join(byte_string(encode_cbor(item)) for item in items)


def test_a_package_reads_back_as_it_was_written(delivered: Delivered) -> None:
    assert decode_package(delivered.plaintext) == delivered.sources
    assert joined(delivered.items()) == delivered.plaintext
    checked = check_delivery(delivered.sources, delivered.offer, delivered.forms)
    assert [row.reference for row in checked] == list(delivered.references)


SPOILS: dict[str, Spoil] = {
    "another label": lambda items: items.__setitem__(0, ["suyuan/other", 1, 2, 4]),
    "another version": lambda items: items.__setitem__(0, ["suyuan/package", 2, 2, 4]),
    "too few sources": lambda items: items.__setitem__(0, ["suyuan/package", 1, 1, 4]),
    "too many sources": lambda items: items.__setitem__(0, ["suyuan/package", 1, 3, 4]),
    "another number of rows": lambda items: items.__setitem__(0, ["suyuan/package", 1, 2, 5]),
    "no head": lambda items: items.pop(0),
    "a row too few": lambda items: items.pop(),
    "a row too many": lambda items: items.append(items[-1]),
    "a source without rows": lambda items: items.insert(1, ["source", b"", 0, []]),
    "a source that is no statement": lambda items: items.__setitem__(1, ["source", b"\xa0", 3, []]),
    "a number instead of an item": lambda items: items.__setitem__(2, 7),
    "a row of five members": lambda items: items.__setitem__(2, ["row", 0, b"", b"", []]),
    "a short hash": lambda items: items.__setitem__(2, [*_list(items[2])[:5], [b"short"]]),
    "a field without a value": lambda items: items.__setitem__(2, [*_list(items[2])[:4], [["a", b""]], []]),
    "a row number where none belongs, or none where one does": lambda items: items.__setitem__(
        2, ["row", None if _list(items[2])[1] is not None else 0, *_list(items[2])[2:]]
    ),
}


def _list(value: CborValue) -> list[CborValue]:
    assert isinstance(value, list)
    return value


@pytest.mark.parametrize("name", SPOILS)
def test_every_other_form_is_malformed(delivered: Delivered, name: str) -> None:
    items = delivered.items()
    SPOILS[name](items)
    with pytest.raises(SuyuanError):
        decode_package(joined(items))


def test_lengths_in_a_longer_form_are_malformed(delivered: Delivered) -> None:
    head, rest = byte_string(encode_cbor(delivered.items()[0])), joined(delivered.items()[1:])
    assert head[0] < 0x58
    longer = b"\x58" + bytes([head[0] - 0x40]) + head[1:]
    for wrong in (longer + rest, b"", b"\x40", delivered.plaintext + b"\x00", delivered.plaintext + b"\x41"):
        with pytest.raises(SuyuanError):
            decode_package(wrong)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(place=st.integers(0, 1 << 20), flip=st.integers(1, 255))
def test_no_changed_byte_of_the_plaintext_passes_the_check(delivered: Delivered, place: int, flip: int) -> None:
    data = bytearray(delivered.plaintext)
    data[place % len(data)] ^= flip
    with pytest.raises(SuyuanError):
        check_delivery(decode_package(bytes(data)), delivered.offer, delivered.forms)


@pytest.mark.parametrize("cut", [1, 2, 3, 50, 500])
def test_a_cut_plaintext_is_malformed(delivered: Delivered, cut: int) -> None:
    with pytest.raises(PackageMalformed):
        decode_package(delivered.plaintext[:-cut])


def reason_of(delivered: Delivered, sources: list[Source]) -> str:
    with pytest.raises(DeliveryMismatch) as caught:
        check_delivery(sources, delivered.offer, delivered.forms)
    return caught.value.reason


def test_a_mismatch_is_named_by_what_is_wrong(delivered: Delivered) -> None:
    batch = delivered.batch()
    row = delivered.sources[batch].rows[0]
    name, salt, value = row.fields[0]
    assert isinstance(value, int)
    changed = ((name, salt, value + 1), *row.fields[1:])
    assert reason_of(delivered, delivered.spoilt(batch, fields=changed)) == "commitment"
    assert reason_of(delivered, delivered.spoilt(batch, subject=bytes(32))) == "commitment"
    assert reason_of(delivered, delivered.spoilt(batch, salt=bytes(32))) == "commitment"
    assert reason_of(delivered, delivered.spoilt(batch, hidden=(*row.hidden[:-1], bytes(32)))) == "commitment"
    assert reason_of(delivered, delivered.spoilt(batch, hidden=())) == "commitment"
    assert reason_of(delivered, delivered.spoilt(batch, fields=row.fields[:-1])) == "fields"
    assert reason_of(delivered, delivered.spoilt(batch, fields=tuple(reversed(row.fields)))) == "fields"
    assert reason_of(delivered, delivered.spoilt(1 - batch, fields=())) == "fields"
    assert reason_of(delivered, delivered.sources[:1]) == "missing_rows"
    assert reason_of(delivered, delivered.sources[::-1]) == "missing_rows"
    elsewhere = Reference(row.reference.statement_id, 9)
    assert reason_of(delivered, delivered.spoilt(batch, reference=elsewhere)) == "missing_rows"


def test_a_batch_proof_is_needed_and_only_for_a_batch(delivered: Delivered) -> None:
    batch = delivered.batch()
    sources = list(delivered.sources)
    sources[batch] = replace(sources[batch], proof=())
    assert reason_of(delivered, sources) == "commitment"
    sources = list(delivered.sources)
    sources[1 - batch] = replace(sources[1 - batch], proof=(bytes(32),))
    assert reason_of(delivered, sources) == "commitment"


def test_fields_can_be_shown_from_the_record_or_from_what_was_shown(story: Story) -> None:
    batch = story.batch(3)
    record = story.vaults["source"].record(Reference(batch, 1))
    form = story.forms("credit_person", 1)
    whole = disclose(record, form, form.fields)
    assert whole.hidden == ()
    for names in (["amount"], ["foreign", "duration"], list(form.fields)):
        less = disclose_less(whole, form, names)
        assert less == disclose(record, form, names)
        assert commitment_of(less, form) == commitment_of(whole, form)
        assert DisclosedRecord.decode(less.reference, less.encode()) == less
    with pytest.raises(RecordFieldUnknown):
        disclose_less(disclose(record, form, ["amount"]), form, ["duration"])
    with pytest.raises(DisclosedFields):
        commitment_of(replace(whole, fields=tuple(reversed(whole.fields))), form)

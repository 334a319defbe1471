"""Disclosed fields in a bundle: their file, and their checks against record commitments on the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ledger.commitment import RecordForm
from ledger.disclosure import Disclosure, verify_disclosure
from ledger.encoding import JsonObject, decode_digest, decode_json_object
from ledger.errors import FormError, ProofError, SuyuanError, Text
from ledger.evidence.checks import Checklist
from ledger.kinds.fields import Payload
from ledger.kinds.genesis import Genesis
from ledger.kinds.records import RecordBatch, RecordCorrect, RecordSubmit
from ledger.manifest import RowProof, verify_row
from ledger.references import Reference

_VERSION: Final = 1


class DisclosureFileMalformed(FormError):
    """A disclosure file that has not exactly its members."""

    code = "bundle.disclosure"
    what = Text("The disclosure file is malformed at {member}.", "披露文件格式有误：{member}。")


class DisclosureReference(ProofError):
    """A disclosure of something else than the record it names."""

    code = "bundle.disclosure.reference"
    what = Text("The disclosure does not belong to {reference}: {detail}.", "披露内容与 {reference} 不符：{detail}。")


class DisclosureFile(msgspec.Struct, frozen=True):
    """Some fields of the record `reference`, with the path of its row in a batch."""

    reference: Reference
    disclosure: Disclosure
    row: RowProof | None

    def to_json(self) -> JsonObject:
        """Return the JSON object of the file; `row` is absent for a single record."""
        row: JsonObject = {} if self.row is None else {"row": self.row.to_json()}
        return {"v": _VERSION, "reference": str(self.reference), "disclosure": self.disclosure.to_json(), **row}

    @classmethod
    def decode(cls, data: bytes) -> DisclosureFile:
        """Read a file strictly; raises `DisclosureFileMalformed` or what its parts raise."""
        value = decode_json_object(data)
        if set(value) - {"row"} != {"v", "reference", "disclosure"} or value["v"] != _VERSION:
            raise DisclosureFileMalformed(member="v")
        reference, disclosure, row = value["reference"], value["disclosure"], value.get("row")
        if not isinstance(reference, str):
            raise DisclosureFileMalformed(member="reference")
        if not isinstance(disclosure, dict) or not (row is None or isinstance(row, dict)):
            raise DisclosureFileMalformed(member="disclosure")
        proof = None if row is None else RowProof.from_json(row)
        return cls(Reference.parse(reference), Disclosure.from_json(disclosure), proof)


def check_disclosure(
    checks: Checklist, name: str, data: bytes, proven: Mapping[str, Payload], genesis: Genesis | None
) -> None:
    """disclosure.value and disclosure.form: check one file against the proven statements of the bundle, by id."""
    try:
        file = DisclosureFile.decode(data)
        payload = proven.get(file.reference.statement_id)
        if payload is None:
            checks.open("disclosure.value", name, f"the bundle proves no record {file.reference}")
            return
        commitment = _commitment(file, payload)
        values = verify_disclosure(file.disclosure, commitment)
        _check_item(file, payload)
    except SuyuanError as error:
        checks.error("disclosure.value", name, error)
        return
    checks.passed("disclosure.value", name, f"{len(values)} fields of {file.reference}")
    form = _form(genesis, file.disclosure)
    if form is None:
        checks.open("disclosure.form", name, "the bundle proves no such catalogue version")
        return
    try:
        verify_disclosure(file.disclosure, commitment, form)
    except SuyuanError as error:
        checks.error("disclosure.form", name, error)
        return
    checks.passed("disclosure.form", name)


def _commitment(file: DisclosureFile, payload: Payload) -> bytes:
    """Return the commitment of the record, by its row's path where it stands in a batch."""
    reference = file.reference
    if isinstance(payload, (RecordSubmit, RecordCorrect)):
        if reference.row is not None or file.row is not None:
            raise DisclosureReference(reference=str(reference), detail="a single record has no rows")
        return decode_digest(payload.commitment)
    if not isinstance(payload, RecordBatch):
        raise DisclosureReference(reference=str(reference), detail="it names no record")
    if file.row is None or reference.row != file.row.index:
        raise DisclosureReference(reference=str(reference), detail="the row's path is missing or of another row")
    verify_row(file.row, decode_digest(payload.root), payload.count)
    return file.row.commitment


def _check_item(file: DisclosureFile, payload: Payload) -> None:
    assert isinstance(payload, (RecordSubmit, RecordCorrect, RecordBatch))
    if (payload.item, payload.catalogue) != (file.disclosure.item, file.disclosure.version):
        raise DisclosureReference(reference=str(file.reference), detail="another item or catalogue version")


def _form(genesis: Genesis | None, disclosure: Disclosure) -> RecordForm | None:
    """Return the form of an item of the catalogue version that genesis carries; later versions are not proven here."""
    if genesis is None or genesis.catalogue.version != disclosure.version:
        return None
    for item in genesis.catalogue.items:
        if item.code == disclosure.item:
            return RecordForm(item.code, disclosure.version, tuple(field.name for field in item.fields))
    return None

"""The real input of the demonstration: credit records and one public contract, as the files in `facts/` hold them."""

from __future__ import annotations

import csv
from importlib.resources import files

from clients.demo.founding import LOAN_FIELDS, SUPPLIER
from clients.gateway.records import NewRecord
from ledger.codes import fictional_resident_number
from ledger.commitment import FieldValue


def loan_records() -> list[NewRecord]:
    """Return the 1,000 credit records in the order of the file; subjects are synthetic document numbers."""
    text = (files("clients.demo") / "facts" / "german_credit.csv").read_text(encoding="utf-8")
    return [
        NewRecord("person", fictional_resident_number(number + 1), _values(row))
        for number, row in enumerate(csv.DictReader(text.splitlines()))
    ]


def _values(row: dict[str, str]) -> dict[str, FieldValue]:
    return {name: int(row[name]) if kind == "integer" else row[name] for name, kind, _, _ in LOAN_FIELDS}


def contract_file(buyer: str) -> tuple[bytes, dict[str, str]]:
    """Return the OCDS release package and the codes of its two parties, for the importer."""
    data = (files("clients.demo") / "facts" / "contract_ocds.json").read_bytes()
    return data, {"@buyer": buyer, "@supplier": SUPPLIER}

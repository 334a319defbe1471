"""Which records are found by the value of their subject: those of institutions, never those of persons."""

from __future__ import annotations

from ledger.state.tables import RECORD, RecordState, StateRow


def indexed_subject(table: str, row: StateRow | None) -> str | None:
    """Return the subject value, in hex, under which a state row is found; None for one that is not found so.

    A batch's subjects stand in its manifest, which is its own index. A person's link stands for one record only, and
    looking one up would serve nobody but who wants to list persons.
    """
    if table != RECORD.name or not isinstance(row, RecordState):
        return None
    return None if row.count or row.subject_class == "person" else row.subject_value or None

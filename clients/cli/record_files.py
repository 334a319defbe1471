"""The import of record files: check every row first, then submit batch by batch with a progress bar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from clients.cli.manifest_holders import ManifestHolders, manifest_holders
from clients.cli.session import Session, read_bytes, read_text
from clients.gateway.forms import forms_from
from clients.imports.checking import Problem, ReadRow, RowChecker
from clients.imports.mapping import Mapping, read_mapping
from clients.imports.records import RecordImport, checked_rows, file_digest, grouped
from clients.sdk import requests
from ledger.errors import ConfigError, FormError, StateError, Text
from ledger.kinds.genesis import Catalogue
from ledger.times import day_of

MAX_LISTED = 1000
"""Problems that are listed one by one; the count goes on."""


class RowsWrong(FormError):
    """Rows of the file break a rule; nothing was signed."""

    code = "import.rows"
    what = Text(
        "{wrong} of {total} rows of {file} cannot be imported.", "{file} 的 {total} 行中有 {wrong} 行无法导入。"
    )
    why = Text("Nothing was signed or submitted.", "尚未签署或提交任何内容。")
    next_step = Text("`--dry-run` lists each with its line and rule.", "使用 `--dry-run` 查看每行及其规则。")


class ImportBegun(StateError):
    """The same import was begun before."""

    code = "import.begun"
    what = Text("This import of {file} was begun before.", "{file} 的此次导入此前已开始。")
    next_step = Text("Go on with --resume; nothing is submitted twice.", "请使用 --resume 继续；不会重复提交。")


@dataclass(slots=True)
class _Checked:
    """What checking a whole file found."""

    rows: int = 0
    wrong: int = 0
    problems: list[Problem] = field(default_factory=list)


def import_file(
    session: Session, file: Path, mapping_file: Path, encoding: str, *, dry_run: bool, resume: bool,
    batch_rows: int | None, catalogue_file: Path | None, nodes: tuple[str, ...], held_by: int | None,
) -> None:  # fmt: skip
    """Check the file, and unless `dry_run` submit it.

    Raises `RowsWrong` when a row breaks a rule, `ImportBegun` without `resume`, and as `clients.imports`.
    """
    mapping = read_mapping(read_text(mapping_file), mapping_file.name)
    if batch_rows is not None:
        mapping = msgspec.structs.replace(mapping, batch=batch_rows)
    catalogue = _catalogue(session, mapping, catalogue_file)
    member = session.settings.member
    checker = RowChecker(mapping, catalogue, member, day_of(session.surroundings.now_ms()))
    checked = _check(session, file, encoding, checker, mapping)
    if dry_run:
        _show(session, file, checked)
    if checked.problems:
        raise RowsWrong(wrong=checked.wrong, total=checked.rows, file=file.name)
    if not dry_run:
        _submit(session, file, encoding, checker, mapping, catalogue, checked.rows, resume, nodes, held_by)


def _catalogue(session: Session, mapping: Mapping, file: Path | None) -> Catalogue:
    if file is None:
        return session.client.run(requests.catalogue(mapping.catalogue)).catalogue
    try:
        return msgspec.json.decode(read_bytes(file), type=Catalogue)
    except msgspec.MsgspecError as error:
        raise ConfigError(detail=f"{file.name} is no catalogue ({error})") from None


def _check(session: Session, file: Path, encoding: str, checker: RowChecker, mapping: Mapping) -> _Checked:
    checked = _Checked(problems=checker.of_mapping())
    with session.output.progress() as progress:
        task = progress.add_task(session.output.pick("checking", "核对"), total=None)
        for found in checked_rows(file, encoding, checker, mapping):
            checked.rows += 1
            if isinstance(found, list):
                checked.wrong += 1
                checked.problems += found[: max(MAX_LISTED - len(checked.problems), 0)]
            progress.advance(task)
        progress.update(task, total=checked.rows)
    if checked.problems and not checked.wrong:
        # What is wrong with the mapping is wrong with every row.
        checked.wrong = checked.rows
    return checked


def _show(session: Session, file: Path, checked: _Checked) -> None:
    output = session.output
    rows = [
        {"line": one.line, "rule": one.rule, "column": one.column, "en": one.text.en, "zh": one.text.zh}
        for one in checked.problems
    ]
    value = {"file": file.name, "rows": checked.rows, "wrong": checked.wrong, "problems": rows}
    title = output.pick(f"{checked.wrong} of {checked.rows} rows wrong", f"{checked.rows} 行中 {checked.wrong} 行有误")
    cells = [(row["line"] or "-", row["rule"], row["column"], row["en"], row["zh"]) for row in rows]
    table = output.table(title, ("line", "rule", "column", "en", "zh"), cells)
    if rows:
        output.before_error(value, table)
    else:
        output.data(value, table=table)


def _submit(
    session: Session, file: Path, encoding: str, checker: RowChecker, mapping: Mapping, catalogue: Catalogue,
    total: int, resume: bool, nodes: tuple[str, ...], held_by: int | None,
) -> None:  # fmt: skip
    client = session.signing_client
    holders = manifest_holders(session, nodes, held_by) if mapping.batch else ManifestHolders((client,), 1)
    run = RecordImport(
        client, session.vault, forms_from(client), session.linking_keys, mapping, catalogue.version,
        file_digest(file, mapping, encoding), nodes=holders.clients, held_by=holders.needed,
        wait=session.wait,
    )  # fmt: skip
    if run.begun() and not resume:
        raise ImportBegun(file=file.name)
    done: list[dict[str, object]] = []
    with session.output.progress() as progress:
        task = progress.add_task(session.output.pick("submitting", "提交"), total=total)
        for group in grouped(_sound(file, encoding, checker, mapping), mapping.batch):
            admitted = run.submit(group)
            progress.advance(task, admitted.rows)
            done.append(
                {
                    "id": admitted.receipted.statement_id, "index": admitted.receipted.index, "rows": admitted.rows,
                    "earlier": admitted.earlier,
                }
            )  # fmt: skip
    value = {"file": file.name, "rows": total, "statements": done}
    cells = [(row["id"], row["index"], row["rows"], row["earlier"]) for row in done]
    table = session.output.table(file.name, ("id", "index", "rows", "earlier"), cells)
    session.output.data(value, table=table)


def _sound(file: Path, encoding: str, checker: RowChecker, mapping: Mapping) -> Iterator[ReadRow]:
    for found in checked_rows(file, encoding, checker, mapping):
        if isinstance(found, list):
            # The file was sound a moment ago, so it changed in between.
            raise RowsWrong(wrong=1, total=1, file=file.name)
        yield found

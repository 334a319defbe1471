"""`suyuan audit equivocation`: two signed heads that exclude each other, made into evidence or checked as such."""

from __future__ import annotations

from pathlib import Path

import click

from clients.cli.audit import group
from clients.cli.command import command
from clients.cli.errors import FileUnusable, UsageProblem
from clients.cli.exits import Exit
from clients.cli.results import show_object
from clients.cli.session import Session, read_bytes
from clients.mirror.log_files import FolderFiles, entries_from
from clients.sdk.edge import SYSTEM
from ledger.findings.equivocation import Equivocation, check_equivocation, equivocation_findings
from ledger.merkle import leaf_hash
from ledger.merkle.prove import MemoryTree, consistency_proof
from ledger.notes.checkpoint import Checkpoint
from ledger.notes.note import SignedNote

_path = click.Path(path_type=Path, dir_okay=False)
_COMMAND = "suyuan audit equivocation"


@command(group, "equivocation", "证明两个相互矛盾的签名树头")
@click.argument("files", nargs=-1, required=True, type=_path, metavar="EVIDENCE | FIRST SECOND")
@click.option(
    "--from", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="a copy of the log that ends in SECOND, where the two sizes differ",
)  # fmt: skip
@click.option("--out", type=_path, help="write the evidence to this file")
def equivocation(session: Session, files: tuple[Path, ...], folder: Path | None, out: Path | None) -> None:
    """Check EVIDENCE, or make it of two signed checkpoints, FIRST the smaller; offline, under the trusted --policy.

    Where they exclude each other the command ends with 11 and names who signed both (F-EQUIVOCATION); where they do
    not it ends with 10.
    """
    evidence = _read(files, folder)
    proven = check_equivocation(evidence, session.policy)
    if out is not None:
        try:
            out.write_bytes(str(evidence).encode())
        except OSError as error:
            raise FileUnusable(path=str(out), detail=error.strerror or str(error)) from None
    findings = equivocation_findings(proven, SYSTEM.now_ms())
    value = {
        "code": "F-EQUIVOCATION",
        "origin": proven.first.origin,
        "first": {"size": proven.first.size, "root": proven.first.root.hex()},
        "second": {"size": proven.second.size, "root": proven.second.root.hex()},
        "signers": list(proven.signers),
        "findings": len(findings),
        "file": None if out is None else str(out),
    }
    show_object(session, session.output.pick("The heads exclude each other", "两个树头相互矛盾"), value)
    raise click.exceptions.Exit(int(Exit.FORK))


def _read(files: tuple[Path, ...], folder: Path | None) -> Equivocation:
    if len(files) == 1:
        return Equivocation.parse(read_bytes(files[0]))
    if len(files) != 2:
        raise UsageProblem(detail="one file of evidence, or two checkpoints", command=_COMMAND)
    first, second = (SignedNote.parse(read_bytes(file)) for file in files)
    sizes = [Checkpoint.parse(note.text).size for note in (first, second)]
    if sizes[0] == sizes[1]:
        return Equivocation(first, second)
    if sizes[0] > sizes[1] or folder is None:
        raise UsageProblem(detail="heads of two sizes need --from DIR, the smaller head first", command=_COMMAND)
    tree = MemoryTree(leaf_hash(entry) for entry in entries_from(FolderFiles(folder), sizes[1]))
    return Equivocation(first, second, tree.root(sizes[0]), tuple(consistency_proof(sizes[0], sizes[1], tree)))

"""The auditor's part, without any network: `python -m clients.demo.auditing FOLDER`.

FOLDER holds what the auditor took along: `log/` (a copy of the log as static tlog-tiles files), `policy.txt`,
`questions.json` and `evidence.suyuan`. Sockets are forbidden for the whole process before anything is read; the
result is JSON on stdout.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from clients.demo.twelve import answer_all, read_asking
from clients.mirror.log_files import FolderFiles, replay_log
from ledger.evidence.verify import verify_bundle
from ledger.merkle import leaf_hash, verify_inclusion
from ledger.merkle.prove import MemoryTree, inclusion_proofs
from ledger.notes.policy import Policy

_FORBIDDEN = ("socket.", "urllib.", "http.", "ftplib.", "smtplib.")


class Proven(msgspec.Struct):
    """One of the twelve questions: what was answered, and on how many statements it rests, all of them proven."""

    number: int
    question: str
    said: str
    statements: int


class Audited(msgspec.Struct):
    """What the auditor found: statements proven, questions answered, verdicts on the bundle and on its variants."""

    statements: int
    size: int
    root: str
    app_hash: str
    bundle: str
    checks: int
    tampered: dict[str, str]
    questions: list[Proven]


def forbid_network() -> None:
    """Refuse every use of a socket in this process from now on; an audit hook cannot be taken away again."""

    def refuse(event: str, _: tuple[object, ...]) -> None:
        if event.startswith(_FORBIDDEN):
            raise PermissionError(f"the network is forbidden here: {event}")

    sys.addaudithook(refuse)


def audit(folder: Path) -> Audited:
    """Replay the whole log, prove every statement, answer the questions, verify the bundle, reject its variants."""
    policy = Policy.parse((folder / "policy.txt").read_text(encoding="utf-8"))
    replayed = replay_log(FolderFiles(folder / "log"), policy)
    checkpoint = replayed.verified.checkpoint
    hashes = [leaf_hash(entry) for entry in replayed.entries]
    rows = replayed.replay.all_statements()
    paths = inclusion_proofs([row.index for row in rows], checkpoint.size, MemoryTree(hashes))
    for row, path in zip(rows, paths, strict=True):
        verify_inclusion(hashes[row.index], row.index, checkpoint.size, path, checkpoint.root)
    # A question counts only when everything that it rests on was proven to stand under the checkpoint just now.
    proven = {row.id for row in rows}
    answers = [each for each in answer_all(replayed.replay, read_asking(folder)) if proven.issuperset(each.statements)]
    bundle = (folder / "evidence.suyuan").read_bytes()
    found = verify_bundle(bundle, policy)
    return Audited(
        statements=len(rows),
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        app_hash=replayed.replay.head().app_hash.hex(),
        bundle=found.report.verdict,
        checks=len(found.report.checks),
        tampered={name: verify_bundle(data, policy).report.verdict for name, data in tampered(bundle)},
        questions=[Proven(each.number, each.question, each.said, len(each.statements)) for each in answers],
    )


def tampered(bundle: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield five variants of a bundle, each with one thing changed."""
    files = _read(bundle)
    statement = next(name for name in files if name.startswith("statements/"))
    proofs = [name for name in files if name.startswith("proofs/")]
    block = next(name for name in files if name.startswith("blocks/") and name.endswith(".cbor"))
    yield "one bit of a statement", _write({**files, statement: _flip(files[statement])})
    yield "two proofs exchanged", _write({**files, proofs[0]: files[proofs[1]], proofs[1]: files[proofs[0]]})
    yield "one bit of a block entry", _write({**files, block: _flip(files[block])})
    yield "the manifest edited", _write({**files, "manifest.json": files["manifest.json"].replace(b'"', b"'", 1)})
    yield "the maker's signature changed", _write({**files, "manifest.cose": _flip(files["manifest.cose"])})


def _flip(data: bytes) -> bytes:
    return data[:-1] + bytes((data[-1] ^ 1,))


def _read(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return target.getvalue()


def main() -> None:
    """Audit the folder named on the command line."""
    forbid_network()
    result = audit(Path(sys.argv[1]))
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")


if __name__ == "__main__":
    main()

"""`suyuan audit`: replay the log, follow its head, take copies, make evidence bundles and exports."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click
import msgspec

from clients.cli.arguments import convert
from clients.cli.command import command, new_group
from clients.cli.errors import FileUnusable
from clients.cli.results import show_object, show_rows
from clients.cli.session import Session
from clients.mirror.log_files import FolderFiles, LogFiles, NodeFiles, Replayed, replay_log
from clients.sdk.heads import FileHeadStore
from clients.sdk.light_client import follow as follow_head
from ledger.times import format_time

group = new_group("audit", "Replay, follow, copy and export the log.", "重放、跟踪、复制与导出账本。")
_folder = click.Path(path_type=Path, file_okay=False)
_from_option = click.option(
    "--from", "folder", type=_folder, metavar="DIR", help="read the log's files from a folder instead of the node"
)


def _files(session: Session, folder: Path | None) -> LogFiles:
    return NodeFiles(session.client) if folder is None else FolderFiles(folder)


def _replayed(session: Session, files: LogFiles) -> Replayed:
    session.output.talk(session.output.pick("replaying the whole log …", "正在重放整个日志……"))
    return replay_log(files, session.policy)


@command(group, "replay", "重放整个日志并逐字节核对")
@_from_option
@click.option("--findings", "list_findings", is_flag=True, help="list the findings that the replay gives")
def replay(session: Session, folder: Path | None, list_findings: bool) -> None:
    """Execute the whole log again from leaf 0 and compare every entry and the signed root."""
    from ledger.findings.judge import findings_at
    from ledger.lineage.standing import refusals_at

    done = _replayed(session, _files(session, folder))
    head = done.replay.head()
    found = findings_at(done.replay, head.size)
    if list_findings:
        rows = [convert(msgspec.to_builtins(finding), dict[str, object], "finding") for finding in found]
        title = session.output.pick(f"Findings at size {head.size}", f"问题（树大小 {head.size}）")
        show_rows(session, title, ("code", "rule", "party", "since", "open", "about"), rows)
        return
    summary: dict[str, object] = {
        "verdict": "VERIFIED",
        "origin": head.origin,
        "size": head.size,
        "height": head.height,
        "root": head.root().hex(),
        "app_hash": head.app_hash.hex(),
        "time": format_time(head.time),
        "cosigners": [cosigner.name for cosigner in done.verified.cosigners],
        "refusals": len(refusals_at(done.replay, head.size).refusals),
        "findings": len(found),
        "open_findings": sum(1 for finding in found if finding.open),
    }
    show_object(session, session.output.pick("Replay", "重放"), summary)


@command(group, "follow", "跟踪签名树头，防止回退与分叉")
@click.option("--every", type=click.FloatRange(min=0.1), metavar="SECONDS", help="keep following")
@click.option("--times", type=click.IntRange(min=1), default=1, show_default=True, help="how often, with --every")
def follow(session: Session, every: float | None, times: int) -> None:
    """Advance the kept head to the node's newest checkpoint, checking quorum and consistency."""
    store = FileHeadStore(session.head_file)
    for turn in range(times if every is not None else 1):
        if turn and every is not None:
            session.surroundings.sleep(every)
        head = follow_head(session.public_client, session.policy, store)
        value = {
            "origin": head.checkpoint.origin,
            "size": head.checkpoint.size,
            "root": head.checkpoint.root.hex(),
            "cosigners": [cosigner.name for cosigner in head.cosigners],
            "kept": str(session.head_file),
        }
        show_object(session, session.output.pick("Head", "树头"), value)


@command(group, "fetch", "下载日志全部文件")
@click.argument("folder", type=_folder)
def fetch(session: Session, folder: Path) -> None:
    """Copy checkpoint, tiles and entries of the log into FOLDER, for `--from FOLDER`."""
    from clients.mirror.fetching import update_mirror

    with session.output.progress() as progress:
        task = progress.add_task(session.output.pick("leaves", "条目"), total=None)
        verified = update_mirror(
            session.client, folder, session.policy, lambda done, size: progress.update(task, completed=done, total=size)
        )
    value = {"folder": str(folder), "size": verified.checkpoint.size, "root": verified.checkpoint.root.hex()}
    show_object(session, session.output.pick("Copy", "副本"), value)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise FileUnusable(path=str(path), detail=error.strerror or str(error)) from None


@command(group, "bundle", "制作证据包")
@click.argument("reference")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--about", type=click.Choice(["statement", "trace"]), default="statement", show_default=True,
    help="one statement, or everywhere the reference went and what it came from",
)  # fmt: skip
@_from_option
def bundle(
    session: Session, reference: str, file: Path, about: Literal["statement", "trace"], folder: Path | None
) -> None:
    """Make the evidence bundle FILE (.suyuan) about REFERENCE, signed by the member."""
    from clients.mirror.replayed_evidence import ReplayedEvidence
    from clients.reports.bundle import make_illustrated_bundle
    from ledger.evidence.bundle import Request, gather
    from ledger.lineage.trace import trace_back, trace_forward

    files = _files(session, folder)
    done = _replayed(session, files)
    size = done.replay.head().size
    statements: tuple[str, ...] = (reference.partition(":")[0],)
    if about == "trace":
        forward = trace_forward(done.replay, reference, size)
        back = trace_back(done.replay, reference, size)
        statements = tuple(sorted({*statements, *forward.statements, *back.statements}))
    parts = gather(ReplayedEvidence(done, files), Request(about, reference, statements), str(session.policy))
    made_at = format_time(session.identity.surroundings.now_ms())
    made, report = make_illustrated_bundle(parts, session.policy, session.identity.signer, made_at)
    _write(file, made)
    value = {"file": str(file), "verdict": report.verdict, "statements": len(parts.statements), "size": size}
    show_object(session, session.output.pick("Evidence bundle", "证据包"), value)


@command(group, "export", "导出为其他格式的证明")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["merkletools"]), required=True, help="format of the proofs")
@click.option("--first", type=click.IntRange(min=0), default=0, show_default=True, help="first log index")
@click.option("--last", type=click.IntRange(min=0), help="last log index; the end if absent")
@_from_option
def export(session: Session, file: Path, form: str, first: int, last: int | None, folder: Path | None) -> None:
    """Write proofs of the statements at a range of log indexes, with their root signed by the member."""
    from clients.cli.merkletools_export import Range, export_merkletools
    from clients.mirror.replayed_evidence import statements_between

    done = _replayed(session, _files(session, folder))
    checkpoint = done.verified.checkpoint
    end = checkpoint.size - 1 if last is None else min(last, checkpoint.size - 1)
    found = statements_between(done.entries, first, end)
    made = export_merkletools(found, Range(checkpoint.origin, first, end, done.note), session.identity.signer)
    _write(file, msgspec.json.format(msgspec.json.encode(made), indent=1))
    value = {"file": str(file), "format": form, "count": made.count, "merkle_root": made.merkle_root}
    show_object(session, session.output.pick("Export", "导出"), value)

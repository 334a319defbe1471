"""`suyuan verify`: an evidence bundle or a proof file, offline, under a policy alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from clients.cli.command import standalone
from clients.cli.errors import UsageProblem
from clients.cli.exits import Exit
from clients.cli.output import Output, plain
from clients.cli.session import Session, read_bytes
from clients.sdk.verification import OtherLog
from ledger.entries import encode_refusal_entry
from ledger.errors import SuyuanError, Text
from ledger.evidence.checks import CHECKS, FAILED, VERIFIED, Check, Checklist, Report
from ledger.evidence.verify import verify_bundle
from ledger.keys import PublicKey
from ledger.merkle import leaf_hash, verify_inclusion
from ledger.notes.policy import Policy
from ledger.notes.tlog_proof import PROOF_EXTENSION, TlogProof
from ledger.statement import decode_statement, verify_statement

_path = click.Path(path_type=Path, dir_okay=False)
_SIGNATURES = frozenset(("statement.signature", "manifest.signature", "receipt.signature"))


@standalone("verify", "离线核验证据包或证明文件")
@click.argument("file", type=_path)
@click.option("--statement", "statement_file", type=_path, help="the statement's COSE file, with a proof file")
@click.option("--refused-under", metavar="RULE", help="with a proof file: the statement was refused under this rule")
@click.option("--signer", "signer_file", type=_path, help="with a proof file: the signer's public key (JSON Web Key)")
def verify(
    session: Session, file: Path, statement_file: Path | None, refused_under: str | None, signer_file: Path | None
) -> None:
    """Verify FILE (.suyuan, or .tlog-proof with --statement) under the trusted --policy, without any network.

    Every check is listed, then one verdict: VERIFIED (exit code 0), FAILED (10, or 11 for a fork, 12 for a bad
    signature, 13 for a missing quorum) or INCONCLUSIVE (15).
    """
    policy, data = session.policy, read_bytes(file)
    if file.suffix == PROOF_EXTENSION or statement_file is not None:
        if statement_file is None:
            raise UsageProblem(detail="a proof file needs --statement FILE", command="suyuan verify")
        key = None if signer_file is None else _public_key(read_bytes(signer_file))
        report = _check_proof(data, read_bytes(statement_file), policy, refused_under, key)
        session.output.talk(
            session.output.pick(
                "A proof file proves that the log holds the statement; that its key was live then, a bundle proves.",
                "证明文件仅证明账本载有该陈述；签名密钥当时是否有效须由证据包证明。",
            )
        )
    else:
        report = verify_bundle(data, policy).report
    code = exit_of_report(report)
    _show(session, file, report, code)
    raise click.exceptions.Exit(int(code))


def _public_key(data: bytes) -> PublicKey:
    try:
        return PublicKey.from_json(msgspec.json.decode(data, type=dict[str, object]))
    except msgspec.MsgspecError as error:
        raise UsageProblem(detail=f"--signer: {error}", command="suyuan verify") from None


def _check_proof(proof: bytes, raw: bytes, policy: Policy, refused_under: str | None, key: PublicKey | None) -> Report:
    """Check a proof file with its statement: form, quorum, inclusion, audience, with a key the signature too."""
    checks = Checklist()
    try:
        statement = decode_statement(raw)
        id_ = statement.statement_id
        checks.passed("statement.form", id_)
    except SuyuanError as error:
        checks.error("statement.form", "statement", error)
        return checks.report()
    leaf = statement.leaf if refused_under is None else leaf_hash(encode_refusal_entry(refused_under, raw))
    step = "statement.proof"
    try:
        parsed = TlogProof.parse(proof)
        step = "checkpoint.quorum"
        verified = policy.verify_checkpoint(parsed.checkpoint)
        checkpoint = verified.checkpoint
        names = ", ".join(cosigner.name for cosigner in verified.cosigners) or "nobody, as the policy asks"
        checks.passed(step, f"{checkpoint.origin} size {checkpoint.size}", f"cosigned by {names}")
        step = "statement.proof"
        verify_inclusion(leaf, parsed.index, checkpoint.size, parsed.path, checkpoint.root)
        checks.passed(step, id_, f"index {parsed.index}")
        step = "statement.audience"
        if statement.aud.partition("#")[0] != checkpoint.origin:
            raise OtherLog(audience=statement.aud, origin=checkpoint.origin)
        checks.passed(step, id_)
    except SuyuanError as error:
        checks.error(step, id_, error)
    if key is not None:
        try:
            verify_statement(statement, key)
            checks.passed("statement.signature", id_)
        except SuyuanError as error:
            checks.error("statement.signature", id_, error)
    return checks.report()


def exit_of_report(report: Report) -> Exit:
    """Return the exit code of a report: of failures the gravest first, a fork before a signature before a quorum."""
    if report.verdict == VERIFIED:
        return Exit.OK
    failed = [check for check in report.checks if check.result == FAILED]
    if not failed:
        return Exit.INCONCLUSIVE
    if any(_is_fork(check) for check in failed):
        return Exit.FORK
    if any(_is_signature(check) for check in failed):
        return Exit.BAD_SIGNATURE
    if any(check.reason.startswith("quorum.") for check in failed):
        return Exit.QUORUM_MISSING
    return Exit.PROOF_FAILED


def _is_fork(check: Check) -> bool:
    return check.id == "checkpoint.consistent" or check.reason.startswith("log.")


def _is_signature(check: Check) -> bool:
    return check.id in _SIGNATURES or check.reason.startswith(("signature.", "note.signature", "note.unsigned"))


def _show(session: Session, file: Path, report: Report, code: Exit) -> None:
    value = {"file": str(file), "verdict": report.verdict, "exit": int(code), "checks": list(report.checks)}
    session.output.data(value, text="\n".join(_lines(session.output, file, report)), ok=code is Exit.OK)


def _lines(output: Output, file: Path, report: Report) -> Iterator[str]:
    """Yield the report for people: a line a check with how often it passed, everything else one by one, the verdict."""
    passed: dict[str, list[Check]] = {}
    for check in report.checks:
        if check.result == VERIFIED:
            passed.setdefault(check.id, []).append(check)
    for id_, found in passed.items():
        only = f"  {found[0].reason or found[0].what}" if len(found) == 1 else ""
        yield plain(f"  ✓ {id_:24} {len(found):4} × {_says(output, id_)}{only}")
    for check in report.checks:
        if check.result != VERIFIED:
            mark = "✗" if check.result == FAILED else "?"
            yield plain(f"  {mark} {check.id:24} {check.result}: {check.what}")
            yield plain(f"    {_says(output, check.id)}: {check.reason}")
    yield ""
    yield plain(f"{file.name}: {report.verdict}")


def _says(output: Output, id_: str) -> str:
    text = CHECKS.get(id_, Text(id_, id_))
    return output.pick(text.en, text.zh)

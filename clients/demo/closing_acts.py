"""The last acts: the auditor verifies offline, the investigator traces and lists what went wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from clients.cli.log_files import FolderFiles, replay_log
from clients.cli.replayed_evidence import ReplayedEvidence
from clients.demo.auditing import Audited
from clients.demo.narrator import Narrator, short
from clients.demo.stage import Stage
from clients.demo.story import Told
from clients.mirror.directory import MirrorDirectory
from clients.mirror.fetching import update_mirror
from clients.reports.bundle import make_illustrated_bundle
from clients.sdk import questions, requests
from clients.sdk.edge import SYSTEM
from ledger.evidence.bundle import Request, gather
from ledger.exchange.scopes import scope_file
from ledger.findings.judge import Finding
from ledger.kinds.cases import CaseAuthorise, CaseOpen
from ledger.lineage.answers import ContractView, Trace
from ledger.references import Reference, ReferenceSet
from ledger.scope_commitment import SALT_SIZE, ScopeOpening
from ledger.times import DAY_MS, format_time

CASE_DAYS = 30


def take_along(stage: Stage, say: Narrator, told: Told) -> Path:
    """Let the auditor copy the log and make a bundle of the trace; return the folder it takes along."""
    say.act("The auditor takes a copy and verifies it with the network forbidden", "审计方离线核验")
    auditor = stage["auditor"]
    folder = stage.root / "auditor"
    mirror = MirrorDirectory(folder / "log")
    verified = update_mirror(auditor.client, mirror, stage.policy())
    (folder / "policy.txt").write_text(stage.policy_text, encoding="utf-8")
    say.event("auditor", f"copied the log: {verified.checkpoint.size} leaves", "checkpoint, tiles, entries")
    files = FolderFiles(mirror.root)
    replayed = replay_log(files, stage.policy())
    trace = auditor.client.run(requests.trace_forward(told.traced))
    parts = gather(
        ReplayedEvidence(replayed, files),
        Request(kind="trace", reference=told.traced, statements=tuple(trace.statements)),
        stage.policy_text,
    )
    made_at = format_time(SYSTEM.now_s() * 1000)
    bundle, _ = make_illustrated_bundle(parts, stage.policy(), auditor.identity.signer, made_at)
    (folder / "evidence.suyuan").write_bytes(bundle)
    say.event(
        "auditor",
        f"bundled one row's trace: {len(trace.statements)} statements",
        f"{len(bundle) // 1024} KiB",
    )
    return folder


def verify_offline(folder: Path, say: Narrator) -> Audited:
    """Run the audit in a process of its own, in which sockets are forbidden."""
    done = subprocess.run(  # noqa: S603 - our own program with our own arguments.
        [sys.executable, "-m", "clients.demo.auditing", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"the offline audit failed:\n{done.stderr}")
    audited = msgspec.json.decode(done.stdout, type=Audited)
    say.event("auditor", f"replayed the log and proved {audited.statements} statements", f"root {short(audited.root)}")
    say.event("auditor", f"bundle: {audited.bundle}", f"{audited.checks} checks")
    for name, verdict in audited.tampered.items():
        say.event("auditor", f"changed: {name} → {verdict}")
    return audited


def investigate(stage: Stage, say: Narrator, told: Told) -> tuple[Trace, Trace, list[Finding]]:
    """Trace one record forward under an authorised case, back from its last holder, and list the findings."""
    say.act(
        "The investigator traces one record under a case, its holder traces it back",
        "调查方依案件正向追溯，持有方反向追溯",
    )
    names = {actor.uscc: actor.short for actor in stage.actors.values()}
    case, scope = _authorised_case(stage, say, told.traced)
    investigator = stage["investigator"].client
    asked = questions.case_question(case, scope_file(scope), "forward", reference=told.traced)
    forward = investigator.run(asked).read_as(Trace)
    say.table(
        f"Forward from {short(told.traced)}",
        ("hand-over", "from", "to", "grant", "status", "steps", "responsible"),
        [
            (
                short(hop.transfer),
                names.get(hop.sender, hop.sender),
                names.get(hop.receiver, hop.receiver),
                short(hop.grant),
                hop.status,
                str(len(hop.steps)),
                names.get(hop.responsible, hop.responsible),
            )
            for hop in forward.hops
        ],
    )
    back = stage["lender"].client.run(requests.trace_back(told.lender_offer)).read_as(Trace)
    issuers = sorted({names.get(version.issuer, version.issuer) for version in back.versions})
    say.event("lender", f"back from its own hand-over: {len(back.hops)} hops to the originals of {', '.join(issuers)}")
    client = stage["regulator"].client
    findings = client.run(requests.findings()).read_as(list[Finding])
    _show_findings(say, findings, names)
    contract = client.run(requests.contract_view(told.contract)).read_as(ContractView)
    say.note(
        f"contract: value {contract.value / 100:,.2f}, paid {contract.paid / 100:,.2f} {contract.currency}, "
        f"{sum(1 for milestone in contract.milestones if not milestone.verified)} of {len(contract.milestones)} "
        "milestones unverified"
    )
    return forward, back, findings


def _authorised_case(stage: Stage, say: Narrator, reference: str) -> tuple[str, ScopeOpening]:
    """Open a case over one record and have the regulator authorise it; return its id and the scope that both know."""
    investigator, regulator = stage["investigator"], stage["regulator"]
    now = SYSTEM.now_ms()
    scope = ScopeOpening(SYSTEM.random_bytes(SALT_SIZE), ReferenceSet.of([Reference.parse(reference)]))
    complaint = SYSTEM.random_bytes(SALT_SIZE).hex()
    opened = CaseOpen(**investigator.identity.head(CaseOpen), complaint=complaint)
    case = investigator.client.sign_and_submit(opened).statement_id
    authorised = CaseAuthorise(
        **regulator.identity.head(CaseAuthorise),
        case=case,
        scope=scope.commitment(),
        until=format_time(now + CASE_DAYS * DAY_MS),
    )
    regulator.client.sign_and_submit(authorised)
    say.event("investigator", f"opened case {short(case)}; the ledger holds a commitment to its scope")
    say.event("regulator", f"authorised it for {CASE_DAYS} days: one record and nothing else")
    return case, scope


def _show_findings(say: Narrator, findings: list[Finding], names: dict[str, str]) -> None:
    counted: dict[tuple[str, str, str], int] = {}
    for finding in findings:
        key = (finding.code, finding.rule, names.get(finding.party, finding.party))
        counted[key] = counted.get(key, 0) + 1
    say.table(
        "Findings that follow from the ledger alone",
        ("finding", "rule", "responsible", "how often"),
        [(code, rule, party, str(count)) for (code, rule, party), count in sorted(counted.items())],
    )

"""The last acts: the auditor verifies offline, the investigator traces, and what went wrong is listed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from clients.demo.auditing import Audited
from clients.demo.domain_acts import SITE
from clients.demo.narrator import Narrator, short
from clients.demo.stage import Stage
from clients.demo.story import Told
from clients.demo.twelve import QUESTIONS_FILE, Asking, read_asking
from clients.mirror.fetching import update_mirror
from clients.mirror.log_files import FolderFiles, replay_log
from clients.mirror.replayed_evidence import ReplayedEvidence
from clients.reports.bundle import make_illustrated_bundle
from clients.sdk import questions, requests
from clients.sdk.answers import Answer
from clients.sdk.edge import SYSTEM
from clients.sdk.errors import RemoteProblem
from clients.sdk.wire import Call
from ledger.evidence.bundle import Request, gather
from ledger.exchange.scopes import scope_file
from ledger.findings.catalogue import CODES
from ledger.findings.judge import Finding
from ledger.lineage.answers import Answer as Copied
from ledger.lineage.answers import ContractView, Trace
from ledger.lineage.closure import closure
from ledger.lineage.metering import metering
from ledger.lineage.parity import publication_parity
from ledger.lineage.products import product_standing
from ledger.lineage.quality import quality
from ledger.lineage.trace import trace_back, trace_forward
from ledger.references import Reference
from ledger.times import format_time


def take_along(stage: Stage, say: Narrator, told: Told) -> Path:
    """Let the auditor copy the log and make a bundle of the trace; return the folder it takes along."""
    say.act("The auditor takes a copy and verifies it with the network forbidden", "审计方离线核验")
    auditor = stage["auditor"]
    folder = stage.root / "auditor"
    verified = update_mirror(auditor.client, folder / "log", stage.policy())
    (folder / "policy.txt").write_text(stage.policy_text, encoding="utf-8")
    (folder / QUESTIONS_FILE).write_bytes(msgspec.json.encode(_asking(stage, told)) + b"\n")
    say.event("auditor", f"copied the log: {verified.checkpoint.size} leaves", "checkpoint, tiles, entries")
    files = FolderFiles(folder / "log")
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


def _asking(stage: Stage, told: Told) -> Asking:
    """Return what the auditor wants to know of the story."""
    penalised = stage["department"].vault.record(Reference.parse(told.penalty))
    return Asking(
        record=told.traced,
        report=told.ids["report"],
        tag=penalised.subject_value.hex(),
        epoch=penalised.epoch,
        grant=told.grants["bank→hub"].grant,
        member=stage["lender"].uscc,
        repair=told.ids["repair"],
        site=SITE,
        seen_at=told.mirrored_at,
        contract=told.contract,
    )


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
    say.note("twelve questions, answered from the copy alone; every statement behind an answer was proven:")
    for each in audited.questions:
        say.event(f"question {each.number}", each.question, f"{each.said} · {each.statements} statements")
    return audited


def compare_with_node(stage: Stage, say: Narrator, folder: Path) -> None:
    """Ask the node what the copy answered: both say the same."""
    client, asking = stage["auditor"].client, read_asking(folder)
    replay = replay_log(FolderFiles(folder / "log"), stage.policy()).replay
    size = replay.head().size
    pairs: list[tuple[Call[Answer], Copied]] = [
        (requests.trace_forward(asking.record, size), trace_forward(replay, asking.record, size)),
        (requests.trace_back(asking.report, size), trace_back(replay, asking.report, size)),
        (questions.closure(asking.repair, size), closure(replay, asking.repair, size)),
        (questions.publication_parity(asking.site, asking.seen_at), publication_parity(replay, SITE, asking.seen_at)),
        (questions.usage(as_of=size), metering(replay, size)),
        (questions.quality(as_of=size), quality(replay, size)),
        (questions.product_standing(asking.report, size), product_standing(replay, asking.report, size)),
    ]
    for call, copied in pairs:
        if client.run(call).read_as(type(copied)) != copied:
            raise RuntimeError(f"the node answers {call.request.path} otherwise than its log")
    say.event("auditor", f"asked the node {len(pairs)} of these questions", "the same answers as from the copy")


def investigate(stage: Stage, say: Narrator, told: Told) -> Trace:
    """Trace, under the authorised case, one record forward and the report back; read nothing else.

    Leaves the case's id and the opening of its scope in `investigator/`, so that whoever signs as the investigator
    can go on asking.
    """
    say.act("The investigator traces one record, forward and back, under its case", "调查方依案正向与反向追溯")
    client, names = stage["investigator"].client, _names(stage)
    assert told.scope is not None, "a regulator authorised the case"
    case, scope = told.ids["case"], scope_file(told.scope)
    folder = stage.root / "investigator"
    folder.mkdir()
    (folder / "case.txt").write_text(case + "\n", encoding="ascii")
    (folder / "scope.json").write_bytes(msgspec.json.format(msgspec.json.encode(scope), indent=1) + b"\n")
    asked = questions.case_question(case, scope, "forward", reference=told.traced)
    forward = client.run(asked).read_as(Trace)
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
    asked = questions.case_question(case, scope, "back", reference=told.ids["report"])
    back = client.run(asked).read_as(Trace)
    issuers = sorted({names.get(version.issuer, version.issuer) for version in back.versions})
    say.event("investigator", f"back from the report: {len(back.hops)} hops to the originals of {', '.join(issuers)}")
    outside = told.singles["coop"][1]
    try:
        client.run(questions.case_question(case, scope, "forward", reference=outside))
    except RemoteProblem as problem:
        say.event("investigator", "asked for another record", f"outside its scope, not answered: {problem.remote_code}")
    else:
        raise AssertionError("the case opens more than was authorised")
    return forward


def list_findings(stage: Stage, say: Narrator, told: Told) -> list[Finding]:
    """List what went wrong, as anybody finds it who has the log."""
    say.act("What went wrong follows from the ledger alone", "核查发现")
    client, names = stage["auditor"].client, _names(stage)
    findings = client.run(requests.findings()).read_as(list[Finding])
    counted: dict[tuple[str, str, str], list[bool]] = {}
    for finding in findings:
        key = (finding.code, finding.rule, names.get(finding.party, finding.party))
        counted.setdefault(key, []).append(finding.open)
    say.table(
        "Findings",
        ("finding", "rule", "responsible", "how often", "still open", "what it says"),
        [
            (code, rule, party, str(len(opens)), str(sum(opens)), CODES[code].text.en)
            for (code, rule, party), opens in sorted(counted.items())
        ],
    )
    contract = client.run(requests.contract_view(told.contract)).read_as(ContractView)
    say.note(
        f"contract: value {contract.value / 100:,.2f}, paid {contract.paid / 100:,.2f} {contract.currency}, "
        f"{sum(1 for milestone in contract.milestones if not milestone.verified)} of {len(contract.milestones)} "
        "milestones unverified"
    )
    return findings


def _names(stage: Stage) -> dict[str, str]:
    return {actor.uscc: actor.short for actor in stage.actors.values()}

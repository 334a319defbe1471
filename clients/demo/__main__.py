"""`python -m clients.demo [--serve] [--port N]`: perform the story on a real node under `.demo/`."""

from __future__ import annotations

import argparse
import signal
import time
from pathlib import Path
from types import FrameType

import msgspec

from clients.demo import closing_acts, domain_acts, rights_acts, story
from clients.demo.founding import PARTS
from clients.demo.narrator import Narrator
from clients.demo.root import RootForeign, RootInUse
from clients.demo.stage import Stage
from clients.demo.summary import Summary, summarise

ROOT = Path(".demo")
REFUSED = 3
"""Exit code when the folder is not ours to empty; the command line's for configuration."""
ACTS = (
    story.submit_records,
    story.rotate_key,
    story.import_contract,
    story.issue_grants,
    story.hand_over_records,
    story.attempt_without_authority,
    domain_acts.issue_report,
    story.correct_a_row,
    story.use_and_revoke,
    rights_acts.erase_at_request,
    domain_acts.agree_on_deadline,
    domain_acts.publish_penalty,
    domain_acts.repair_penalty,
    rights_acts.ask_about_oneself,
    rights_acts.report_incident,
    story.retire_keys,
    domain_acts.acknowledge_late,
)


def perform(stage: Stage, say: Narrator, port: int) -> Summary:
    """Set the stage, perform every act and return the summary."""
    began = time.monotonic()
    say.title(
        "Suyuan 溯源",
        "Institutions sign, authority is enforced, data is handed over,\n"
        "a penalty is published and repaired, subjects have their rights,\n"
        "an auditor verifies offline, an investigator traces.",
    )
    stage.build()
    stage.start(port)
    stage.seat()
    story.founding(stage, say)
    told = story.Told()
    for act in ACTS:
        act(stage, say, told)
    folder = closing_acts.take_along(stage, say, told)
    audited = closing_acts.verify_offline(folder, say)
    closing_acts.compare_with_node(stage, say, folder)
    forward = closing_acts.investigate(stage, say, told)
    findings = closing_acts.list_findings(stage, say, told)
    return summarise(told, audited, forward, findings, len(PARTS), time.monotonic() - began)


def main() -> None:
    """Perform, write the summary, and stop the node unless it is to stay."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="leave the node running until it is interrupted")
    parser.add_argument("--port", type=int, default=0, help="port of the node, 0 for a free one")
    parser.add_argument("--root", type=Path, default=ROOT, help="where everything is written")
    chosen = parser.parse_args()
    say, stage = Narrator(), Stage(chosen.root.resolve())
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        summary = perform(stage, say, chosen.port)
        path = chosen.root / "summary.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=1) + b"\n")
        say.closing(
            [
                f"{summary.statements} statements by {summary.members} members, {summary.records} records,",
                f"{summary.transfers.confirmed} hand-overs confirmed.  Refused: {', '.join(summary.refusals)}.",
                f"Found: {', '.join(summary.findings)}.",
                f"Verified offline: {summary.verified.statements} statements, a bundle, the answers to",
                f"{len(summary.questions)} questions; {summary.verified.tampered_rejected} tampered variants rejected.",
                f"Summary: {path}   Evidence: {chosen.root / 'auditor' / 'evidence.suyuan'}",
            ]
        )
        if chosen.serve:
            say.note(f"the node runs at {stage.url}; interrupt to stop it")
            signal.pause()
    except KeyboardInterrupt:
        say.note("interrupted")
    except (RootInUse, RootForeign) as error:
        parser.exit(REFUSED, f"{error.stable_code}: {error} {error.advice()}\n")
    finally:
        stage.stop()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()

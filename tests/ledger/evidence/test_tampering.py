"""Every check of a bundle can fail: each tampering is rejected by its own check id."""

from __future__ import annotations

import pytest

from ledger.evidence.bundle import make_bundle
from ledger.evidence.checks import CHECKS, BundleFailed, BundleInconclusive, require_verified
from tests.ledger.evidence import tampering_container, tampering_contents
from tests.ledger.evidence.bundles import (
    MADE_AT,
    Story,
    verdict_of,
)
from tests.ledger.evidence.tampering_contents import (
    block_entries_removed,
    key_proof_removed,
    key_statement_removed,
    receipt_of_another_root,
)
from tests.ledger.evidence.tamperings import CASES, Tampering
from tests.world_genesis import signer_of

REGISTERED = (tampering_container, tampering_contents)
"""The modules whose import fills CASES."""


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_tampering_is_named_by_its_check(case: Tampering, story: Story) -> None:
    report = verdict_of(case.make(story), case.policy or story.policy)
    assert (case.check, case.result) in {(check.id, check.result) for check in report.checks}, report.failing()
    assert report.verdict == ("FAILED" if any(c.result == "FAILED" for c in report.checks) else "INCONCLUSIVE")
    if case.result == "FAILED":
        assert report.verdict == "FAILED"
    with pytest.raises((BundleFailed, BundleInconclusive)):
        require_verified(report)


def test_every_check_has_a_tampering_that_fails_it() -> None:
    assert {case.check for case in CASES} == set(CHECKS)


def test_every_check_that_can_fail_outright_does_so_in_some_case() -> None:
    only_open = {"subject.present", "subject.closed", "receipt.root"}
    assert {case.check for case in CASES if case.result == "FAILED"} == set(CHECKS) - only_open


def test_removing_a_proof_alone_is_inconclusive_and_not_tampering(story: Story) -> None:
    for make in (key_proof_removed, key_statement_removed, receipt_of_another_root, block_entries_removed):
        assert verdict_of(make(story), story.policy).verdict == "INCONCLUSIVE", make.__name__


def test_make_bundle_twice_gives_the_same_bytes(story: Story) -> None:
    parts = story.parts()
    made = [make_bundle(parts, signer_of("auditor"), MADE_AT, "VERIFIED") for _ in range(2)]
    assert made[0] == made[1]

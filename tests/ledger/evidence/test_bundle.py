"""Bundles that verify: whole, packed again by other programs, about one statement, across the life of a key."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.encoding import base64url
from ledger.errors import NotFoundError, SuyuanError
from ledger.evidence import archive
from ledger.evidence.archive import ArchiveName, ArchiveTooLarge, read_archive, write_archive
from ledger.evidence.bundle import Request, gather, judge_parts, make_bundle
from ledger.evidence.checks import CHECKS, Checklist, require_verified
from ledger.evidence.layout import BundleManifest, BundleParts, ManifestMalformed, Proves
from ledger.evidence.verify import verify_bundle
from ledger.lineage.trace import trace_back, trace_forward
from ledger.signed import sign_pop
from ledger.statement import decode_statement
from tests.ledger.evidence.bundles import MADE_AT, Proofs, Story, pack, verdict_of, world_policy
from tests.ledger.lineage.story import Story as Lineage
from tests.world import World
from tests.world_genesis import ORIGIN, signer_of


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(scope="module")
def bundle(story: Story) -> bytes:
    return story.bundle()


def test_a_whole_bundle_is_verified_and_makes_every_check_but_one_kind(story: Story, bundle: bytes) -> None:
    report = verdict_of(bundle, story.policy)
    assert report.verdict == "VERIFIED", report.failing()
    require_verified(report)
    assert {check.id for check in report.checks} == set(CHECKS)


def test_the_manifest_says_what_the_bundle_proves_and_the_makers_verdict(story: Story, bundle: bytes) -> None:
    manifest = verify_bundle(bundle, story.policy).manifest
    assert manifest is not None
    assert manifest.verdict == "VERIFIED"
    assert manifest.made_at == MADE_AT
    assert manifest.refused == {story.refused: "REC-1"}
    assert set(manifest.files) == set(read_archive(bundle)) - {"manifest.json", "manifest.cose"}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_bundle_packed_again_by_another_program_still_verifies(story: Story, bundle: bytes, method: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as other:
        for name, data in read_archive(bundle).items():
            other.writestr(name, data)
    assert verdict_of(buffer.getvalue(), story.policy).verdict == "VERIFIED"


def test_another_program_reads_what_is_written_here(bundle: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as other:
        assert other.testzip() is None
        assert {name: other.read(name) for name in other.namelist()} == read_archive(bundle)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bit_of_a_file_can_turn_without_the_verdict_turning(
    story: Story, bundle: bytes, data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(bundle) - 1))
    changed = bytearray(bundle)
    changed[position] ^= 1 << data.draw(st.integers(0, 7))
    report = verdict_of(bytes(changed), story.policy)
    try:
        same = read_archive(bytes(changed)) == read_archive(bundle)
    except SuyuanError:
        same = False
    assert (report.verdict == "VERIFIED") == same


@given(st.binary(max_size=400))
def test_any_bytes_give_a_report_and_never_an_exception(data: bytes) -> None:
    assert verify_bundle(data, world_policy()).report.verdict == "FAILED"


def test_a_bundle_about_one_statement_needs_no_trace(story: Story) -> None:
    parts = gather(story.proofs, Request("statement", story.record, (story.record,)), str(story.policy))
    report = verdict_of(pack(parts), story.policy)
    assert report.verdict == "VERIFIED", report.failing()
    assert "subject.closed" not in {check.id for check in report.checks}


def test_two_sizes_verify_with_their_consistency_proof(story: Story) -> None:
    older = Proofs(story.world, size=story.proofs.size - 2)
    parts = story.parts()
    index = story.proofs.statements([story.batch])[story.batch].index
    joined = replace(
        parts,
        proofs={**parts.proofs, story.batch: older.proof(index)},
        consistency={(older.size, story.proofs.size): story.proofs.extends(older)},
    )
    assert verdict_of(pack(joined), story.policy).verdict == "VERIFIED"


def test_nothing_is_gathered_for_a_statement_that_is_not_logged(story: Story) -> None:
    with pytest.raises(NotFoundError):
        gather(story.proofs, Request("trace", "0" * 64, ("0" * 64,)), str(story.policy))


def gathered(world: World, *ids: str) -> BundleParts:
    return gather(Proofs(world), Request("statement", ids[0], ids), str(world_policy()))


def rotated() -> tuple[World, str, str]:
    """Return a world in which the source rotated its key, a record by the old key and one by the new one."""
    world = World.founding()
    new = world.signer("source:heir")
    old = world.signer("source").public.thumbprint
    pop = sign_pop(new, origin=ORIGIN, member=world.uscc("source"), old_kid=old)
    payload = {"old": base64url(old), "key": new.public.to_json(), "pop": base64url(pop)}
    world.do("source", "key.rotate", payload)
    before = world.do("source", "record.submit", world.record())
    world.advance(25 * 3_600_000)
    after = world.do("source", "record.submit", world.record(), key=new)
    return world, before, after


def test_the_heir_of_a_rotation_is_live_after_the_delay(story: Story) -> None:
    world, before, after = rotated()
    report = verdict_of(pack(gathered(world, before, after)), story.policy)
    assert report.verdict == "VERIFIED", report.failing()


def test_a_rotation_without_its_block_entry_leaves_the_keys_life_open(story: Story) -> None:
    world, before, after = rotated()
    parts = gathered(world, before, after)
    report = verdict_of(pack(replace(parts, blocks={})), story.policy)
    assert report.verdict == "INCONCLUSIVE"
    assert ("statement.key", "INCONCLUSIVE") in {(c.id, c.result) for c in report.checks}


def test_a_revoked_key_counts_before_its_revocation_and_a_forged_later_use_fails(story: Story) -> None:
    world = Story()
    kid = base64url(world.world.signer("source:second").public.thumbprint)
    world.world.do("source", "key.revoke", {"kid": kid, "reason": "compromised"})
    world.proofs = Proofs(world.world)
    assert verdict_of(world.bundle(), story.policy).verdict == "VERIFIED"
    late = world.world.sign(
        "source", "record.submit", world.world.record(), id="late", key=world.world.signer("source:second")
    )
    report = verdict_of(pack(world.forged(late)), story.policy)
    reasons = [check.reason for check in report.checks if (check.id, check.result) == ("statement.key", "FAILED")]
    assert len(reasons) == 1
    assert "revoked" in reasons[0]


def test_a_statement_before_its_keys_registration_fails(story: Story) -> None:
    fresh = Story()
    parts = gathered(fresh.world, fresh.key_add, fresh.correct)
    raw = fresh.world.sign("source", "record.submit", fresh.world.record(), id="x", key=signer_of("never registered"))
    report = judge_parts(replace(parts, statements={**parts.statements, _id(raw): raw}), story.policy)
    assert report.verdict == "INCONCLUSIVE"


def _id(raw: bytes) -> str:
    return decode_statement(raw).statement_id


# The archive by itself


@given(
    st.dictionaries(st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9]{1,8}){0,2}\.txt", fullmatch=True), st.binary(max_size=99))
)
def test_archives_come_back_as_written(files: dict[str, bytes]) -> None:
    assert read_archive(write_archive(files)) == files
    assert write_archive(dict(reversed(files.items()))) == write_archive(files)


@pytest.mark.parametrize(
    "name", ["", "/etc/x", "a/../b", "a//b", ".hidden", "a/.", "c:\\x", "中.txt", "a b", "x" * 201]
)
def test_unsafe_names_are_never_written(name: str) -> None:
    with pytest.raises(ArchiveName):
        write_archive({name: b""})


def test_limits_hold_before_anything_is_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as other:
        other.writestr("big.txt", bytes(archive.MAX_FILE_BYTES + 1))
    packed = bytearray(buffer.getvalue())
    with pytest.raises(ArchiveTooLarge):
        read_archive(bytes(packed))
    # A directory that lies about the size unpacks no more than it says.
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = packed.index(magic)
        packed[at + offset : at + offset + 4] = (100).to_bytes(4, "little")
    with pytest.raises(archive.ArchiveMalformed):
        read_archive(bytes(packed))


def test_a_manifest_with_an_unknown_member_is_malformed(bundle: bytes) -> None:
    text = read_archive(bundle)["manifest.json"]
    for wrong in (text[:-1] + b',"zz":1}', b"[]", b"{}", text.replace(b'"version":1', b'"version":2')):
        with pytest.raises(ManifestMalformed):
            BundleManifest.decode(wrong)


def test_nothing_checked_is_not_verified() -> None:
    assert Checklist().report().verdict == "INCONCLUSIVE"
    with pytest.raises(ValueError, match="unknown check"):
        Checklist().passed("no.such.check", "x")


def test_a_bundle_says_its_makers_honest_verdict(story: Story) -> None:
    parts = replace(story.parts(), genesis=None)
    verdict = judge_parts(parts, story.policy).verdict
    made = verify_bundle(make_bundle(parts, signer_of("auditor"), MADE_AT, verdict), story.policy)
    assert made.manifest is not None
    assert made.manifest.verdict == made.report.verdict == "INCONCLUSIVE"


# A whole trace


def test_a_whole_trace_is_one_bundle_that_closes_over_what_it_names(story: Story) -> None:
    lineage = Lineage()
    proofs = Proofs(lineage.world)
    reference = f"{lineage.batch}:25"
    trace = trace_forward(proofs.lineage, reference, lineage.world.head.size)
    parts = gather(proofs, Request("trace", reference, trace.statements), str(story.policy))
    report = verdict_of(pack(parts), story.policy)
    assert report.verdict == "VERIFIED", report.failing()
    assert {lineage.first, lineage.second, lineage.upper.grant, lineage.upper.acceptance} <= set(parts.statements)


def test_a_trace_without_the_grant_of_a_hop_is_inconclusive(story: Story) -> None:
    lineage = Lineage()
    proofs = Proofs(lineage.world)
    request = Request("trace", lineage.second, trace_back(proofs.lineage, lineage.second, proofs.size).statements)
    parts = gather(proofs, request, str(story.policy))
    left = {id_: raw for id_, raw in parts.statements.items() if id_ != lineage.upper.grant}
    proves = Proves(kind="trace", reference=lineage.second, statements=sorted(left))
    report = verdict_of(pack(replace(parts, statements=left, proves=proves, receipts={})), story.policy)
    assert [check.id for check in report.failing()] == ["subject.closed"]

"""Policies: their text, and what they accept."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import QuorumError, SignatureError
from ledger.notes import (
    Checkpoint,
    Ed25519Cosigner,
    Ed25519NoteSigner,
    NoteSignature,
    Policy,
    PolicyGroup,
    PolicyLog,
    PolicyWitness,
    SignedNote,
    consortium_policy,
    quorum_of,
    sign_note,
    tolerated_faults,
)
from ledger.notes.errors import (
    CheckpointFormError,
    KeyTypeError,
    LogSignatureError,
    NoteSignatureError,
    PolicyFormError,
    PolicyKeyError,
    PolicyNameError,
    PolicyQuorumError,
    PolicyQuorumLineError,
    PolicySizeError,
    PolicyThresholdError,
    UnsignedNoteError,
    VkeyError,
)
from ledger.notes.policy import MAX_POLICY_BYTES, MAX_POLICY_ENTRIES
from tests.ledger.notes.keys import (
    CHECKPOINT,
    EDS,
    LOGS,
    NODE_KEYS,
    NODES,
    ORIGIN,
    PQS,
    TIME,
    cosigned,
    seed,
    signed,
)

CONSORTIUM = consortium_policy(NODE_KEYS)
COSIGNERS = {
    name: Ed25519Cosigner(f"witness.example/{name}", seed(name)) for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3")
}
LOG_LINE = f"log {LOGS['north'].vkey}\n"
WITNESS_LINES = "".join(f"witness {name} {cosigner.vkey}\n" for name, cosigner in COSIGNERS.items())
EXAMPLE = (
    LOG_LINE
    + WITNESS_LINES
    + "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n"
    + "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
)


def by(*names: str) -> SignedNote:
    return signed().adding(COSIGNERS[name].cosign(CHECKPOINT, TIME) for name in names)


def test_the_example_of_the_standard_accepts_what_it_says() -> None:
    policy = Policy.parse(EXAMPLE)
    for count in range(len(COSIGNERS) + 1):
        for names in combinations(COSIGNERS, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            assert policy.is_reached_by(names) is enough
            if enough:
                verified = policy.verify_checkpoint(str(by(*names)))
                assert verified.checkpoint == CHECKPOINT
                assert verified.log_key == LOGS["north"].vkey
                assert verified.cosigners == tuple((name, TIME) for name in names)
            else:
                with pytest.raises(PolicyQuorumError):
                    policy.verify_checkpoint(str(by(*names)))


def test_a_policy_without_cosigners_needs_the_log_only() -> None:
    policy = Policy.parse(f"{LOG_LINE}quorum none\n")
    assert policy.verify_checkpoint(signed()).cosigners == ()
    with pytest.raises(UnsignedNoteError):
        policy.verify_checkpoint(signed(log="south"))


def test_a_single_witness_may_be_the_quorum() -> None:
    policy = Policy.parse(f"{LOG_LINE}{WITNESS_LINES}quorum X1\n")
    policy.verify_checkpoint(by("X1"))
    with pytest.raises(QuorumError) as caught:
        policy.verify_checkpoint(by("X2", "X3"))
    assert (caught.value.params["got"], caught.value.params["want"], caught.value.params["cosigners"]) == (0, 1, 2)


def test_the_log_must_sign_under_its_own_origin() -> None:
    policy = Policy.parse(EXAMPLE)
    only_witnesses = SignedNote(CHECKPOINT.text(), by(*COSIGNERS).signatures[1:])
    with pytest.raises(LogSignatureError):
        policy.verify_checkpoint(only_witnesses)
    elsewhere = Checkpoint("ledger.example/other", CHECKPOINT.size, CHECKPOINT.root)
    with pytest.raises(LogSignatureError):
        policy.verify_checkpoint(sign_note(elsewhere.text(), [LOGS["north"]]))
    with pytest.raises(SignatureError):
        Policy.parse(f"{WITNESS_LINES}quorum none\n").verify_checkpoint(by("X1"))


def test_one_wrong_signature_of_a_known_key_spoils_everything() -> None:
    policy = Policy.parse(EXAMPLE)
    vkey = COSIGNERS["Y3"].vkey
    with pytest.raises(NoteSignatureError):
        policy.verify_checkpoint(by("X1", "X2", "Y1").adding([NoteSignature(vkey.name, vkey.key_id, bytes(72))]))


def test_a_signature_of_a_strangers_key_is_ignored() -> None:
    stranger = Ed25519Cosigner("witness.example/X1", seed("stranger"))
    note = by("X1", "X2", "Y1").adding([stranger.cosign(CHECKPOINT, TIME)])
    assert len(Policy.parse(EXAMPLE).verify_checkpoint(note).cosigners) == 3
    with pytest.raises(QuorumError):
        Policy.parse(EXAMPLE).verify_checkpoint(by("X2", "Y1").adding([stranger.cosign(CHECKPOINT, TIME)]))


def test_a_cosigner_who_signed_twice_counts_once_with_the_latest_time() -> None:
    again = COSIGNERS["X1"].cosign(CHECKPOINT, TIME + 9)
    policy = Policy.parse(EXAMPLE)
    assert policy.verify_checkpoint(by("X1", "X2", "Y1").adding([again])).cosigners[0] == ("X1", TIME + 9)
    with pytest.raises(QuorumError):
        policy.verify_checkpoint(by("X1", "Y1").adding([again]))


def test_a_note_that_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(CheckpointFormError):
        Policy.parse(EXAMPLE).verify_checkpoint(sign_note(CHECKPOINT.text() + "extension\n", [LOGS["north"]]))


def test_n_minus_f_nodes_make_a_quorum() -> None:
    assert [(tolerated_faults(n), quorum_of(n)) for n in (0, 1, 3, 4, 6, 7, 10)] == [
        (0, 0), (0, 1), (0, 3), (1, 3), (1, 5), (2, 5), (3, 7),
    ]  # fmt: skip
    for count in range(len(NODES) + 1):
        for nodes in combinations(NODES, count):
            for pq in (False, True):
                if count >= 3:
                    verified = CONSORTIUM.verify_checkpoint(cosigned(*nodes, pq=pq))
                    assert [name for name, _ in verified.cosigners] == [f"{n}-{'pq' if pq else 'ed'}" for n in nodes]
                else:
                    with pytest.raises(QuorumError):
                        CONSORTIUM.verify_checkpoint(cosigned(*nodes, pq=pq))


def test_a_node_counts_once_with_both_keys() -> None:
    note = cosigned("north", "south").adding(PQS[node].cosign(CHECKPOINT, TIME) for node in ("north", "south"))
    with pytest.raises(QuorumError) as caught:
        CONSORTIUM.verify_checkpoint(note)
    assert (caught.value.params["got"], caught.value.params["want"]) == (2, 3)
    mixed = cosigned("north", "south").adding([PQS["east"].cosign(CHECKPOINT, TIME)])
    assert len(CONSORTIUM.verify_checkpoint(mixed).cosigners) == 3


def test_a_consortium_of_nobody_has_no_policy() -> None:
    with pytest.raises(PolicyThresholdError):
        consortium_policy([])


def test_the_consortiums_file_reads_as_documented() -> None:
    lines = str(CONSORTIUM).split("\n")
    assert lines[0] == f"log {LOGS['north'].vkey}"
    assert f"witness north-ed {EDS['north'].vkey}" in lines
    assert f"witness west-pq {PQS['west'].vkey}" in lines
    assert "group north any north-ed north-pq" in lines
    assert lines[-3:] == ["group nodes 3 north south east west", "quorum nodes", ""]
    assert Policy.parse(str(CONSORTIUM)) == CONSORTIUM


def test_layout_is_free_within_the_standards_limits() -> None:
    text = EXAMPLE.replace("\nwitness X1 ", "\n\n \t\n  # Kommentar — ünïcode\n#log nonsense\n\t witness  X1\t", 1)
    assert Policy.parse(text) == Policy.parse(EXAMPLE) == Policy.parse(EXAMPLE.encode())
    assert Policy.parse(EXAMPLE.rstrip("\n")) == Policy.parse(EXAMPLE)
    with_urls = EXAMPLE.replace(LOG_LINE, f"{LOG_LINE[:-1]} https://log.example/\n")
    assert Policy.parse(with_urls).logs[0].url == "https://log.example/"
    assert str(Policy.parse(with_urls)) == with_urls


def test_names_are_opaque_octets() -> None:
    kelvin = EXAMPLE.replace(" X1", " \u212a").replace(" X2", " K")
    assert [witness.name for witness in Policy.parse(kelvin).witnesses[:2]] == ["\u212a", "K"]
    raw = EXAMPLE.encode().replace(b" X1", b" \xff").replace(b" X2", b" \xfe")
    policy = Policy.parse(raw)
    assert str(policy).encode("utf-8", "surrogateescape") == raw
    assert Policy.parse(str(policy)) == policy


@given(st.integers(1, 6), st.permutations(list(COSIGNERS)), st.booleans())
def test_policies_round_trip(count: int, order: list[str], with_url: bool) -> None:
    members = tuple(order[:count])
    url = "https://w.example/x" if with_url else None
    witnesses = tuple(PolicyWitness(name, COSIGNERS[name].vkey, url) for name in order)
    for threshold in range(1, count + 1):
        policy = Policy((PolicyLog(LOGS["north"].vkey, url),), witnesses, (PolicyGroup("g", threshold, members),), "g")
        assert Policy.parse(str(policy)) == policy


W = WITNESS_LINES


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", PolicyQuorumLineError),
        (LOG_LINE, PolicyQuorumLineError),
        ("quorum none\nquorum none\n", PolicyQuorumLineError),
        ("quorum\n", PolicyFormError),
        ("quorum none none\n", PolicyFormError),
        ("Quorum none\n", PolicyFormError),
        ("quorum X1\n" + W, PolicyNameError),
        (W + "quorum X9\n", PolicyNameError),
        ("log\nquorum none\n", PolicyFormError),
        ("log nonsense\nquorum none\n", VkeyError),
        (LOG_LINE[:-1] + " url more\nquorum none\n", PolicyFormError),
        (LOG_LINE * 2 + "quorum none\n", PolicyKeyError),
        (f"log {COSIGNERS['X1'].vkey}\nquorum none\n", KeyTypeError),
        (f"witness w {LOGS['north'].vkey}\nquorum none\n", KeyTypeError),
        ("witness X1\nquorum none\n", PolicyFormError),
        (f"witness X1 {COSIGNERS['X1'].vkey} u v\nquorum none\n", PolicyFormError),
        (f"witness none {COSIGNERS['X1'].vkey}\nquorum none\n", PolicyNameError),
        (W + f"witness X9 {COSIGNERS['X1'].vkey}\nquorum none\n", PolicyKeyError),
        (W + f"witness X1 {PQS['north'].vkey}\nquorum none\n", PolicyNameError),
        (W + "group g\nquorum none\n", PolicyFormError),
        (W + "group g any\nquorum none\n", PolicyFormError),
        (W + "group g most X1 X2\nquorum none\n", PolicyThresholdError),
        (W + "group g 0 X1 X2\nquorum none\n", PolicyThresholdError),
        (W + "group g 3 X1 X2\nquorum none\n", PolicyThresholdError),
        (W + "group g 01 X1 X2\nquorum none\n", PolicyThresholdError),
        (W + "group g +1 X1 X2\nquorum none\n", PolicyThresholdError),
        (W + "group g any X1 X1\nquorum none\n", PolicyNameError),
        (W + "group g any X1\ngroup h any X1\nquorum none\n", PolicyNameError),
        (W + "group g any g\nquorum none\n", PolicyNameError),
        (W + "group g any h\ngroup h any X1\nquorum none\n", PolicyNameError),
        (W + "group g any none\nquorum none\n", PolicyNameError),
        (W + "group none any X1\nquorum none\n", PolicyNameError),
        (W + "group X2 any X1\nquorum none\n", PolicyNameError),
        ("group g any X1\n" + W + "quorum none\n", PolicyNameError),
        ("quorum none\r\n", PolicyFormError),
        ("quorum\x0bnone\n", PolicyFormError),
        ("# \x7f\nquorum none\n", PolicyFormError),
        ("quorum\u00a0none\n", PolicyFormError),
        ("#" * (MAX_POLICY_BYTES + 1), PolicySizeError),
    ],
)
def test_malformed_policies_are_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Policy.parse(text)


def test_the_error_names_the_line() -> None:
    with pytest.raises(PolicyFormError) as caught:
        Policy.parse("# comment\n\nwitless\nquorum none\n")
    assert caught.value.params["line"] == 3


def test_a_policy_is_not_made_of_unsound_values() -> None:
    log = PolicyLog(LOGS["north"].vkey)
    witness = PolicyWitness("w", COSIGNERS["X1"].vkey)
    for logs, witnesses, groups, quorum in (
        ((log, log), (), (), "none"),
        ((log,), (witness, PolicyWitness("v", witness.vkey)), (), "none"),
    ):
        with pytest.raises(PolicyKeyError):
            Policy(logs, witnesses, groups, quorum)
    for name in ("", "a b", "a\tb", "a\nb", "none"):
        with pytest.raises(PolicyNameError):
            Policy((log,), (PolicyWitness(name, witness.vkey),), (), "none")
    with pytest.raises(PolicyNameError):
        Policy((PolicyLog(log.vkey, "a b"),), (), (), "none")
    with pytest.raises(PolicyNameError):
        Policy((log,), (witness,), (PolicyGroup("g", 1, ("h",)), PolicyGroup("h", 1, ("w",))), "g")
    with pytest.raises(PolicyThresholdError):
        Policy((log,), (witness,), (PolicyGroup("g", 0, ("w",)),), "g")


def test_at_least_32_of_each_fit_and_the_number_is_bounded() -> None:
    logs = tuple(PolicyLog(Ed25519NoteSigner(ORIGIN, seed(f"log {n}")).vkey) for n in range(32))
    witnesses = tuple(PolicyWitness(f"w{n}", Ed25519Cosigner(f"w{n}", seed(f"w {n}")).vkey) for n in range(32))
    groups = tuple(PolicyGroup(f"g{n}", 1, (f"w{n}",)) for n in range(32))
    policy = Policy(logs, witnesses, groups, "g31")
    assert Policy.parse(str(policy)) == policy
    with pytest.raises(PolicySizeError):
        Policy(logs, witnesses, (PolicyGroup("g", 1, ("w0",)),) * MAX_POLICY_ENTRIES, "g")

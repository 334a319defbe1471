"""What a running node says of itself: states reached, health, metrics over several fronts, caching, and being full."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import get_args

import httpx2
import pytest

from clients.sdk.errors import BusyProblem
from clients.sdk.identity import Identity
from clients.sdk.sync_client import Client
from ledger.notes import Checkpoint, SignedNote, TlogProof
from ledger.notes.policy import Policy
from ledger.receipt import parse_inclusion_receipt, verify_inclusion_receipt
from ledger.statement import decode_statement
from node.front_service import WaitState
from tests.e2e.asking import SEQUENCE, Asker, asked_node, check_problem, permit
from tests.node.founding import NODE
from tests.world_genesis import signer_of, uscc_of

FRONTS = 2
STATES: tuple[str, ...] = get_args(WaitState)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with asked_node(tmp_path_factory.mktemp("serving") / "node", fronts=FRONTS) as asker:
        yield asker


# States


@pytest.mark.parametrize("wait", STATES)
def test_what_was_waited_for_is_reached(ask: Asker, wait: str) -> None:
    raw = ask.record()
    answer = ask.post(raw, wait=wait)
    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {"id", "index", "status", "state", "size"}
    assert STATES.index(body["state"]) >= STATES.index(wait)
    assert body["id"] == decode_statement(raw).statement_id
    assert body["index"] < body["size"] <= ask.size()
    # `integrated` and beyond: in the tree, and readable by its id.
    found = ask.get(f"/v1/statements/{body['id']}", "source_b")
    assert (found.content, found.headers["suyuan-index"]) == (raw, str(body["index"]))
    if wait in ("published", "witnessed"):
        policy = Policy.parse((ask.node.data / "policy.txt").read_text())
        note = ask.get("/checkpoint").text
        if wait == "witnessed":
            assert policy.verify_checkpoint(note).checkpoint.size >= body["size"]
        assert Checkpoint.parse(SignedNote.parse(note).text).size >= body["size"]


def test_proof_and_receipt_of_what_was_just_admitted_verify(ask: Asker) -> None:
    raw = ask.record()
    statement = decode_statement(raw)
    placed = ask.post(raw, wait="published").json()
    policy = Policy.parse((ask.node.data / "policy.txt").read_text())
    proof = TlogProof.parse(ask.get(f"/v1/statements/{placed['id']}/proof").content)
    assert proof.index == placed["index"]
    checkpoint = proof.verify(statement.leaf, policy).checkpoint
    receipt = parse_inclusion_receipt(ask.get(f"/v1/statements/{placed['id']}/receipt").content)
    assert verify_inclusion_receipt(receipt, statement.leaf, signer_of(f"log:{NODE}").public) == checkpoint.root


# Health


def test_health_readiness_and_liveness(ask: Asker) -> None:
    ask.post(ask.record())
    assert (ask.get("/livez").status_code, ask.get("/livez").text) == (200, "ok\n")
    assert ask.get("/readyz").json() == {"ready": True, "size": ask.size()}
    health = ask.get("/health")
    body = health.json()
    assert (health.status_code, body["fresh"]) == (200, True)
    assert body["published"] == body["size"] == ask.size()
    assert 0 <= body["last_block_age_ms"] < 60_000
    for path in ("/livez", "/readyz", "/health", "/metrics"):
        assert ask.http.head(path).status_code == 200
        assert ask.get(path).headers["cache-control"] == "no-store"


SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? ([0-9.e+-]+)$")


def metrics(ask: Asker) -> dict[tuple[str, str], float]:
    """Return every sample by name and labels, having checked the text's form."""
    text = ask.get("/metrics").text
    found: dict[tuple[str, str], float] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        sample = SAMPLE.match(line)
        assert sample is not None, line
        place = (sample[1], sample[2] or "")
        assert place not in found, f"{place} twice"
        found[place] = float(sample[3])
    declared = [line for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(declared) == len(set(declared))
    return found


def counted(found: dict[tuple[str, str], float], area: str, status: int) -> float:
    return found.get(("suyuan_http_requests_total", f'area="{area}",status="{status}"'), 0.0)


def test_counts_rise_over_all_fronts_and_no_id_is_a_label(ask: Asker) -> None:
    before = metrics(ask)
    answers = []
    for _ in range(12):
        # Each connection of its own may land at another front.
        with Client(ask.node.url) as client:
            answers.append(client.log().size)
    placed = ask.post(ask.record()).json()
    ask.get(f"/v1/statements/{placed['id']}", "auditor")
    ask.get(f"/v1/statements/{placed['id']}")
    ask.get(f"/v1/members/{uscc_of('source')}")
    ask.get("/v1/no-such-place-at-all/with-more-of-it")
    after = metrics(ask)
    assert counted(after, "statements", 201) == counted(before, "statements", 201) + 1
    assert counted(after, "statements", 200) == counted(before, "statements", 200) + 1
    assert counted(after, "statements", 401) == counted(before, "statements", 401) + 1
    assert counted(after, "standing", 200) >= counted(before, "standing", 200) + len(answers)
    assert after["suyuan_tree_size", ""] == after["suyuan_published_size", ""] == ask.size()
    labels = {label for _, label in after}
    assert all(re.fullmatch(r'(area="[a-z]+"(,(status="\d{3}"|le="[0-9.+Inf]+"))?)?', label) for label in labels)
    assert len(labels) < 400


def test_every_front_counts(ask: Asker) -> None:
    pids = [ask.node.pid_of(f"front-{number}") for number in range(FRONTS)]
    files = list((ask.node.data / "run" / "metrics").glob("counter_*.db"))
    assert {path.stem.rpartition("_")[2] for path in files} == {str(pid) for pid in pids}


# Caching


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/checkpoint", "public, max-age=2"),
        ("/tile/0/000.p/2", "public, max-age=31536000, immutable"),
        ("/v1/genesis", "public, max-age=31536000, immutable"),
        ("/v1/policy", "public, max-age=2"),
        ("/v1/log", "no-cache"),
        ("/v1/members", "no-cache"),
        ("/v1/leaves/0/proof", "public, max-age=2"),
    ],
)
def test_caching_of_what_is_public(ask: Asker, path: str, wanted: str) -> None:
    answer = ask.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, wanted)
    assert int(answer.headers["content-length"]) == len(answer.content) > 0


def test_what_never_changes_is_the_same_from_every_front(ask: Asker) -> None:
    for path in ("/tile/0/000.p/2", "/v1/genesis"):
        assert len({ask.get(path).content for _ in range(6)}) == 1
    assert ask.get("/tile/0/000.p/2").headers.get("set-cookie") is None


def test_answers_do_not_wait_for_acknowledgements(ask: Asker) -> None:
    """With Nagle's algorithm on, every answer over a kept connection would take 40 ms, the fastest of many too."""
    times = []
    for _ in range(20):
        began = time.perf_counter()
        assert ask.get("/livez").status_code == 200
        times.append(time.perf_counter() - began)
    assert min(times) < 0.03


# Full


def test_a_full_queue_says_when_to_come_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("full") / "node"
    # One statement a block, and nothing may wait behind what waits.
    with asked_node(folder, queue_statements=1, block_statements=1) as asker, ThreadPoolExecutor(1) as pool:
        load = b"".join(asker.record() for _ in range(600))
        loading = pool.submit(asker.post, load, SEQUENCE)
        raw = asker.record()
        for language in ("en", "zh"):
            answer = turned_away(asker, loading, language)
            members = check_problem(answer, 429, "overload")
            wait = int(answer.headers["retry-after"])
            assert 1 <= wait <= 60
            params = members["params"]
            assert isinstance(params, dict)
            assert params["retry_after"] == wait
        results = loading.result(timeout=60).json()["results"]
        assert {result["status"] for result in results} == {"admitted"}
        # Whoever comes back later is served.
        assert asker.post(raw).status_code == 201


def turned_away(asker: Asker, loading: Future[httpx2.Response], language: str) -> httpx2.Response:
    """Submit until the node is full; fails when the load is over before."""
    while True:
        raw, before = asker.record(), loading.done()
        answer = asker.post(raw, language=language)
        if answer.status_code == 429:
            assert asker.get(f"/v1/statements/{decode_statement(raw).statement_id}", "source_b").status_code == 404
            return answer
        assert not before, "the queue was never full"


def test_the_policys_rate_holds_for_each_member(tmp_path_factory: pytest.TempPathFactory) -> None:
    per_minute = 12
    with asked_node(tmp_path_factory.mktemp("rate") / "node", per_minute=per_minute) as asker:
        placed = asker.post(b"".join(asker.record() for _ in range(per_minute)), SEQUENCE)
        assert {result["status"] for result in placed.json()["results"]} == {"admitted"}
        before = asker.size()
        raw = asker.record()
        for language in ("en", "zh"):
            answer = asker.post(raw, language=language)
            check_problem(answer, 429, "overload.member")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert asker.size() == before
        # Others have rates of their own, and a forged statement in a member's name takes nothing from its rate.
        for _ in range(2 * per_minute):
            forged = asker.sign("lender", "record.submit", permit())
            assert asker.post(forged[:-1] + bytes([forged[-1] ^ 1])).status_code == 401
        check_problem(asker.post(asker.forbidden()), 403, "REC-1")
        identity = Identity(uscc_of("source_b"), signer_of("source_b"))
        with Client(asker.node.url, identity=identity, attempts=1) as hasty, pytest.raises(BusyProblem) as caught:
            hasty.submit_sequence([asker.record() for _ in range(per_minute)])
        assert caught.value.retry_after >= 1
        with Client(asker.node.url, identity=identity) as patient:
            assert patient.submit(asker.record()).status == "admitted"

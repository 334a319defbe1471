"""Both clients: the same calls, the same retries, the same errors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx2
import pytest
import stamina

from clients.sdk import requests
from clients.sdk.async_client import AsyncClient
from clients.sdk.errors import AddressUnusable, BusyProblem, NodeUnreachable, NotFoundProblem, RefusedProblem
from clients.sdk.heads import MemoryHeadStore
from clients.sdk.identity import Identity
from clients.sdk.light_client import follow
from clients.sdk.sync_client import Client
from clients.sdk.verification import OtherLog, prove_statement
from clients.sdk.wire import Call, Request
from ledger.errors import ProofError, QuorumError, SignatureError
from ledger.kinds.records import RecordWithdraw
from ledger.notes.policy import Policy
from ledger.statement import decode_statement
from tests.clients.simulated_node import NODE, SimulatedNode
from tests.world_genesis import signer_of, uscc_of


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    with stamina.set_testing(True, attempts=10, cap=True):
        yield


@pytest.fixture
def node() -> SimulatedNode:
    return SimulatedNode()


def test_a_submission_is_placed_and_proven(node: SimulatedNode) -> None:
    with node.client("source") as client:
        receipted = client.submit(node.world.sign("source", "record.submit", node.world.record()))
        assert (receipted.status, receipted.state) == ("admitted", "published")
        proven = client.verified_statement(receipted.statement_id, node.policy())
        assert (proven.index, proven.refused_under) == (receipted.index, None)
        assert follow(client, node.policy(), MemoryHeadStore()).checkpoint.size == receipted.size


@pytest.mark.parametrize("address", ["", "127.0.0.1:8440", "ftp://node.example", "http://", "http://[::1"])
def test_what_is_no_address_is_said_at_once(address: str) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(AddressUnusable) as caught:
            kind(address)
        assert address in caught.value.message()


def test_a_refusal_is_proven_as_a_refusal(node: SimulatedNode) -> None:
    with node.client("source") as client:
        raw = node.world.sign("source", "record.submit", node.world.record("permit"))
        with pytest.raises(RefusedProblem) as caught:
            client.submit(raw)
        assert caught.value.rule == "REC-1"
        with pytest.raises(RefusedProblem) as again:
            client.submit(raw)
        assert (again.value.status, again.value.index) == (403, caught.value.index)
        (placed,) = client.submit_sequence([raw]).results
        assert (placed.status, placed.index) == ("duplicate", caught.value.index)
        assert placed.problem is not None
        statement_id = decode_statement(raw).statement_id
        proven = client.verified_statement(statement_id, node.policy())
        assert (proven.index, proven.refused_under) == (caught.value.index, "REC-1")
        with pytest.raises(ProofError):
            prove_statement(proven.statement, proven.proof, node.policy())


def test_a_proof_counts_only_under_the_policy_and_for_its_statement(node: SimulatedNode) -> None:
    with node.client("source") as client:
        raws = [node.world.sign("source", "record.submit", node.world.record()) for _ in range(2)]
        one, other = [client.submit(raw).statement_id for raw in raws]
        proof = client.run(requests.proof(one))
        statement = decode_statement(raws[0])
        prove_statement(statement, proof, node.policy(), public_key=signer_of("source").public)
        with pytest.raises(SignatureError):
            prove_statement(statement, proof, node.policy(), public_key=signer_of("hub").public)
        with pytest.raises(ProofError):
            prove_statement(client.statement(other).statement, proof, node.policy())
        strict = Policy.parse(str(node.policy()).replace("group nodes 3", "group nodes 4"))
        prove_statement(statement, proof, strict)
        with pytest.raises(QuorumError):
            prove_statement(statement, "\n".join(proof.split("\n")[:-2]) + "\n", strict)


def test_a_statement_for_another_ledger_is_not_proven_here(node: SimulatedNode) -> None:
    from ledger.merkle import leaf_hash
    from ledger.merkle.prove import inclusion_proof
    from ledger.notes.note import SignedNote
    from ledger.notes.tlog_proof import TlogProof

    raw = node.world.sign("source", "record.submit", node.world.record(), aud="other.example/log#" + "0" * 64)
    node.tree.append(leaf_hash(raw))
    index = node.tree.size - 1
    path = inclusion_proof(index, node.tree.size, node.tree)
    proof = TlogProof(index, path, SignedNote.parse(node.checkpoint()))
    with pytest.raises(OtherLog):
        prove_statement(decode_statement(raw), str(proof), node.policy())


def test_sign_and_submit_signs_for_the_nodes_ledger(node: SimulatedNode) -> None:
    with node.client("source") as client:
        made = client.submit(node.world.sign("source", "record.submit", node.world.record())).statement_id
        identity = client.signing_identity()
        withdrawal = RecordWithdraw(**identity.head(RecordWithdraw), reference=made, reason="error")
        assert client.sign_and_submit(withdrawal).status == "admitted"
        assert client.audience() == node.world.head.audience


def test_a_lost_answer_is_asked_for_again_and_a_duplicate_is_harmless(node: SimulatedNode) -> None:
    with node.client("source") as client:
        node.lose_answers = 2
        raw = node.world.sign("source", "record.submit", node.world.record())
        receipted = client.submit(raw)
        assert receipted.status == "duplicate"
        assert client.submit(raw).index == receipted.index


def test_a_busy_node_is_asked_again_within_bounds(node: SimulatedNode) -> None:
    with node.client("source", attempts=3) as client:
        node.busy = 2
        assert client.log().node == NODE
        node.busy = 3
        with pytest.raises(BusyProblem):
            client.log()
        assert node.busy == 0


def test_what_must_not_be_repeated_is_sent_once(node: SimulatedNode) -> None:
    with node.client("source") as client:
        node.busy = 5
        call = Call(Request("GET", "/v1/log"), requests.log().read, repeatable=False)
        with pytest.raises(BusyProblem):
            client.run(call)
        assert node.busy == 4


def test_an_answer_is_never_asked_for_twice(node: SimulatedNode) -> None:
    with node.client("source") as client:
        with pytest.raises(NotFoundProblem):
            client.run(requests.transfer("0" * 64))
        assert len(node.requests) == 1


def test_no_answer_at_all_is_unreachable_after_the_last_attempt() -> None:
    sent = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        raise httpx2.ConnectError("refused")

    client = Client("http://n.example", attempts=4, transport=httpx2.MockTransport(refuse))
    with client, pytest.raises(NodeUnreachable, match=r"http://n\.example"):
        client.log()
    assert len(sent) == 4


def test_tokens_go_only_where_they_are_asked_for_and_the_node_is_asked_its_name(node: SimulatedNode) -> None:
    identity = Identity(uscc_of("source"), signer_of("source"), node.surroundings())
    transport = httpx2.MockTransport(node.answer)
    with Client("http://n1.example/", identity=identity, language="zh", transport=transport) as client:
        client.run(requests.duties(uscc_of("source")))
        client.run(requests.checkpoint())
    assert [request.url.path for request in node.requests] == ["/v1/log", "/v1/duties", "/checkpoint"]
    assert [("authorization" in request.headers) for request in node.requests] == [False, True, False]
    assert {request.headers["accept-language"] for request in node.requests} == {"zh"}


def test_a_client_without_identity_reads_what_is_public_and_signs_nothing(node: SimulatedNode) -> None:
    with Client("http://n1.example", transport=httpx2.MockTransport(node.answer)) as client:
        assert client.log().size == 1
        with pytest.raises(Exception, match="token"):
            client.run(requests.transfer("0" * 64))
        with pytest.raises(ValueError, match="identity"):
            client.signing_identity()


def test_the_asynchronous_client_does_the_same(node: SimulatedNode) -> None:
    identity = Identity(uscc_of("source"), signer_of("source"), node.surroundings())

    async def answer(request: httpx2.Request) -> httpx2.Response:
        return node.answer(request)

    async def story() -> None:
        async with AsyncClient(
            "http://n1.example", identity=identity, transport=httpx2.MockTransport(answer)
        ) as client:
            node.lose_answers = 1
            node.busy = 1
            raws = [node.world.sign("source", "record.submit", node.world.record()) for _ in range(3)]
            receipted = await client.submit(raws[0])
            assert receipted.status == "duplicate"
            placed = await client.submit_sequence(raws)
            assert [result.status for result in placed.results] == ["duplicate", "admitted", "admitted"]
            proven = await client.verified_statement(receipted.statement_id, node.policy())
            assert proven.index == receipted.index
            withdrawal = RecordWithdraw(
                **identity.head(RecordWithdraw), reference=receipted.statement_id, reason="error"
            )
            assert (await client.sign_and_submit(withdrawal)).status == "admitted"
            refused = node.world.sign("source", "record.submit", node.world.record("permit"))
            with pytest.raises(RefusedProblem):
                await client.submit(refused)
            proven = await client.verified_statement(decode_statement(refused).statement_id, node.policy())
            assert proven.refused_under == "REC-1"
            node.busy = 5
            call = Call(Request("GET", "/v1/log"), requests.log().read, repeatable=False)
            with pytest.raises(BusyProblem):
                await client.run(call)

    asyncio.run(story())


def test_the_asynchronous_client_gives_up_alike() -> None:
    sent = []

    async def refuse(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        raise httpx2.ConnectError("refused")

    async def story() -> None:
        async with AsyncClient("http://n.example", attempts=3, transport=httpx2.MockTransport(refuse)) as client:
            with pytest.raises(ValueError, match="identity"):
                client.signing_identity()
            with pytest.raises(NodeUnreachable):
                await client.log()

    asyncio.run(story())
    assert len(sent) == 3

"""Calls as values: what is asked for, and how every answer and problem is read. No network."""

from __future__ import annotations

import json

import pytest

from clients.sdk import requests
from clients.sdk.answers import Answer, Receipted, read_duties, read_row
from clients.sdk.errors import (
    MAX_RETRY_AFTER,
    AccessProblem,
    AnswerMalformed,
    BusyProblem,
    ConflictProblem,
    FormProblem,
    NotFoundProblem,
    RefusedProblem,
    RemoteProblem,
)
from clients.sdk.wire import Call, Response
from ledger.errors import (
    AccessError,
    FormError,
    NotFoundError,
    OverloadError,
    StateError,
    SuyuanError,
)
from ledger.rules.registry import RuleError
from ledger.state.tables import MemberState, TransferState
from ledger.statement import decode_statement
from ledger.statement_errors import SequenceEmpty, SequenceTooLong
from ledger.tiles import TilePathError
from tests.clients.simulated_node import SimulatedNode
from tests.world_genesis import uscc_of

ID = "ab" * 32


def json_response(value: object, status: int = 200, media: str = "application/json", **headers: str) -> Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, {"content-type": media, **named}, json.dumps(value).encode())


def problem(status: int, **members: object) -> Response:
    return json_response({"status": status, **members}, status, "application/problem+json")


def sample() -> bytes:
    node = SimulatedNode()
    return node.world.sign("source", "record.submit", node.world.record())


@pytest.mark.parametrize(
    ("call", "method", "path", "query", "bearer"),
    [
        (requests.checkpoint(), "GET", "/checkpoint", (), False),
        (requests.tile(1, 1_234_067, 17), "GET", "/tile/1/x001/x234/067.p/17", (), False),
        (requests.entries(2), "GET", "/tile/entries/002", (), True),
        (requests.log(), "GET", "/v1/log", (), False),
        (requests.genesis(), "GET", "/v1/genesis", (), False),
        (requests.policy(), "GET", "/v1/policy", (), False),
        (requests.statement(ID), "GET", f"/v1/statements/{ID}", (), True),
        (requests.statement_info(ID), "GET", f"/v1/statements/{ID}/info", (), True),
        (requests.receipt(ID), "GET", f"/v1/statements/{ID}/receipt", (), False),
        (requests.proof(ID), "GET", f"/v1/statements/{ID}/proof", (), False),
        (requests.put_manifest(ID, b"x", ID, 3), "PUT", f"/v1/manifests/{ID}", (("root", ID), ("count", "3")), True),
        (requests.get_manifest(ID), "GET", f"/v1/manifests/{ID}", (), True),
        (requests.put_package(ID, b"x", "R"), "PUT", f"/v1/mailbox/{ID}", (("receiver", "R"),), True),
        (requests.get_package(ID), "GET", f"/v1/mailbox/{ID}", (), True),
        (requests.delete_package(ID), "DELETE", f"/v1/mailbox/{ID}", (), True),
        (requests.trace_forward(f"{ID}:7", 9), "GET", "/v1/trace/forward",
         (("reference", f"{ID}:7"), ("as_of", "9")), True),
        (requests.trace_back(ID), "GET", "/v1/trace/back", (("reference", ID),), True),
        (requests.holders(ID, 5), "GET", "/v1/trace/holders", (("reference", ID), ("at", "5")), True),
        (requests.grant_tree(ID, 5), "GET", f"/v1/grants/{ID}/tree", (("as_of", "5"),), True),
        (requests.contract_view(ID), "GET", f"/v1/contracts/{ID}", (), True),
        (requests.findings("F-HOP", "P", True, 4), "GET", "/v1/findings",
         (("code", "F-HOP"), ("party", "P"), ("open", "true"), ("as_of", "4")), True),
        (requests.refusals("M"), "GET", "/v1/refusals", (("member", "M"),), True),
        (requests.duties("P"), "GET", "/v1/duties", (("party", "P"),), True),
        (requests.members(), "GET", "/v1/members", (), True),
        (requests.member("M"), "GET", "/v1/members/M", (), True),
        (requests.catalogue(3), "GET", "/v1/catalogue", (("version", "3"),), True),
        (requests.transfer(ID), "GET", f"/v1/transfers/{ID}", (), True),
        (requests.grant(ID), "GET", f"/v1/grants/{ID}", (), True),
        (requests.record(f"{ID}:7"), "GET", f"/v1/records/{ID}", (), True),
        (requests.health(), "GET", "/health", (), False),
    ],
)  # fmt: skip
def test_each_call_asks_its_route(
    call: Call[object], method: str, path: str, query: tuple[tuple[str, str], ...], bearer: bool
) -> None:
    request = call.request
    assert (request.method, request.path, request.query, call.bearer) == (method, path, query, bearer)
    assert call.repeatable


def test_a_name_from_outside_stays_one_path_segment() -> None:
    assert requests.statement("../../health?x#y").request.path == "/v1/statements/..%2F..%2Fhealth%3Fx%23y"
    with pytest.raises(TilePathError):
        requests.tile(64, 0)


def test_a_submission_carries_the_bytes_as_signed_and_reads_its_place() -> None:
    raw = sample()
    call = requests.submit(raw, "witnessed")
    assert (call.request.method, call.request.path, call.request.body) == ("POST", "/v1/statements", raw)
    assert call.request.query == (("wait", "witnessed"),)
    assert dict(call.request.headers)["content-type"] == "application/cose"
    assert not call.bearer
    statement_id = decode_statement(raw).statement_id
    body = {"id": statement_id, "index": 7, "status": "admitted", "state": "witnessed", "size": 9}
    assert call.read(json_response(body, 201)) == Receipted(statement_id, 7, "admitted", "witnessed", 9)
    wrong_bodies: tuple[object, ...] = ({**body, "id": ID}, {**body, "status": "perhaps"}, {"id": statement_id}, [])
    for wrong in wrong_bodies:
        with pytest.raises(AnswerMalformed):
            call.read(json_response(wrong, 201))
    with pytest.raises(FormError):
        requests.submit(raw[:-1])


def test_a_sequence_reads_an_outcome_for_each_statement_in_order() -> None:
    node = SimulatedNode()
    raws = [node.world.sign("source", "record.submit", node.world.record()) for _ in range(3)]
    ids = [decode_statement(raw).statement_id for raw in raws]
    call = requests.submit_sequence(raws)
    assert call.request.body == b"".join(raws)
    refused = {"status": 403, "code": "REC-1", "rule": "REC-1", "detail": "no"}
    results = [
        {"id": ids[0], "status": "admitted", "index": 4},
        {"id": ids[1], "status": "refused", "index": 5, "problem": refused},
        {"id": ids[2], "status": "rejected", "problem": {"status": 422, "code": "form.x", "detail": "bad"}},
    ]
    placed = call.read(json_response({"results": results, "state": "integrated", "size": 6}))
    errors = [result.error() for result in placed.results]
    assert errors[0] is None
    assert isinstance(errors[1], RefusedProblem)
    assert (errors[1].rule, errors[1].index, errors[1].statement_id) == ("REC-1", 5, ids[1])
    assert isinstance(errors[2], FormProblem)
    swapped = {"results": results[::-1], "state": "integrated", "size": 6}
    with pytest.raises(AnswerMalformed):
        call.read(json_response(swapped))
    with pytest.raises(SequenceEmpty):
        requests.submit_sequence([])
    with pytest.raises(SequenceTooLong):
        requests.submit_sequence([raws[0]] * 1001)


@pytest.mark.parametrize(
    ("status", "kind", "family"),
    [
        (400, FormProblem, FormError), (413, FormProblem, FormError), (422, FormProblem, FormError),
        (401, AccessProblem, AccessError), (403, AccessProblem, AccessError), (404, NotFoundProblem, NotFoundError),
        (409, ConflictProblem, StateError), (429, BusyProblem, OverloadError), (503, BusyProblem, OverloadError),
        (500, RemoteProblem, SuyuanError),
    ],
)  # fmt: skip
def test_a_problem_is_the_error_of_its_family(
    status: int, kind: type[RemoteProblem], family: type[SuyuanError]
) -> None:
    with pytest.raises(kind) as caught:
        requests.log().read(problem(status, code="x.y", detail="原因", next="做法", params={"limit": 3}))
    error = caught.value
    assert isinstance(error, family)
    assert (error.status, error.stable_code, error.detail_text, error.advice()) == (status, "x.y", "原因", "做法")
    assert error.message("zh") == "节点答复：原因"
    assert error.params["limit"] == 3
    assert str(error)


def test_a_refusal_carries_rule_place_and_advice() -> None:
    members = {"code": "TRA-2", "rule": "TRA-2", "detail": "TRA-2: outside", "next": "narrow it", "id": ID, "index": 12}
    with pytest.raises(RefusedProblem) as caught:
        requests.submit(sample()).read(problem(403, **members))
    error = caught.value
    assert isinstance(error, RuleError)
    assert (error.rule, error.stable_code, error.index, error.statement_id) == ("TRA-2", "TRA-2", 12, ID)
    assert error.recorded
    with pytest.raises(RefusedProblem) as caught:
        requests.submit(sample()).read(problem(422, code="GOV-5", rule="GOV-5", detail="GOV-5"))
    assert not caught.value.recorded


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff"])
def test_a_problem_without_details_is_still_typed(body: bytes) -> None:
    response = Response(404, {"content-type": "application/problem+json; charset=utf-8"}, body)
    with pytest.raises(NotFoundProblem) as caught:
        requests.log().read(response)
    assert (caught.value.stable_code, caught.value.message()) == ("http.404", "The node answered: HTTP 404")


@pytest.mark.parametrize(("text", "wanted"), [("7", 7), ("999", MAX_RETRY_AFTER), ("soon", 1), ("-1", 1), ("", 1)])
def test_how_long_a_busy_node_asks_to_wait_is_bounded(text: str, wanted: int) -> None:
    with pytest.raises(BusyProblem) as caught:
        requests.log().read(Response(503, {"retry-after": text}, b""))
    assert caught.value.retry_after == wanted


def test_a_statement_that_is_another_is_not_taken() -> None:
    raw = sample()
    statement_id = decode_statement(raw).statement_id
    headers = {"suyuan-index": "5", "suyuan-status": "refused"}
    fetched = requests.statement(statement_id).read(Response(200, headers, raw))
    assert (fetched.index, fetched.refused, fetched.statement.raw) == (5, True, raw)
    with pytest.raises(AnswerMalformed):
        requests.statement(ID).read(Response(200, headers, raw))
    with pytest.raises(AnswerMalformed):
        requests.statement(statement_id).read(Response(200, {}, raw))


def test_rows_are_read_by_name_and_as_stored_arrays() -> None:
    row = {
        "uscc": "U", "name_zh": "例", "name_en": "Example", "roles": ["source"], "jurisdiction": "CN",
        "status": "active", "keys": [{"kid": "a member's answer has more than the row"}],
    }  # fmt: skip
    wanted = MemberState(
        uscc="U", name_zh="例", name_en="Example", roles=("source",), jurisdiction="CN", status="active"
    )
    read = read_row(MemberState, "x")
    assert read(json_response(row)) == wanted
    assert read(json_response(["U", "例", "Example", ["source"], "CN", "active"])) == wanted
    assert requests.members().read(json_response([row, row])) == [wanted, wanted]
    assert requests.members().read(json_response({"members": [row]})) == [wanted]
    for wrong in ({"uscc": "U"}, {**row, "status": "asleep"}, "text", [1]):
        with pytest.raises(AnswerMalformed):
            read(json_response(wrong))
    with pytest.raises(AnswerMalformed):
        requests.members().read(json_response({"a": 1}))
    with pytest.raises(AnswerMalformed):
        read_row(TransferState, "x")(json_response(row))


def test_an_answer_is_read_with_its_frame() -> None:
    duty = {
        "kind": "transfer.accept", "party": uscc_of("lender"), "about": ID, "opener": ID, "due": 5, "status": "open",
        "met_by": None, "met_at": None,
    }  # fmt: skip
    frame = {"as_of": 9, "time": 1, "root": ID, "complete": "replay", "statements": [ID]}
    for answer in ([duty], {"duties": [duty]}):
        read = requests.duties().read(json_response({**frame, "answer": answer}))
        assert (read.as_of, read.statements) == (9, [ID])
        assert [found.opener for found in read_duties(read)] == [ID]
    with pytest.raises(AnswerMalformed):
        read_duties(Answer(1, 1, ID, "replay", 7, []))
    assert Answer(1, 1, ID, "replay", {"x": 7}, []).read_as(dict[str, int]) == {"x": 7}
    with pytest.raises(AnswerMalformed):
        Answer(1, 1, ID, "replay", [], []).read_as(dict[str, int])


def test_text_is_utf_8() -> None:
    assert requests.checkpoint().read(Response(200, {}, "源\n".encode())) == "源\n"
    with pytest.raises(AnswerMalformed):
        requests.checkpoint().read(Response(200, {}, b"\xff"))

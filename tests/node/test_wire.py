"""Frames and what crosses in them: statements for execution, outcomes, and every error there is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import OverloadError, SuyuanError
from ledger.execution import Outcome
from ledger.rules.registry import broken
from ledger.statement import decode_statement
from node.errors import WriterGone
from node.wire import (
    MAX_FRAME,
    Answer,
    Fault,
    FrameBuffer,
    Ping,
    Submit,
    frame,
    pack_error,
    pack_outcome,
    pack_statement,
    read_request,
    read_response,
    unpack_error,
    unpack_outcomes,
    unpack_statement,
)
from tests.node.members import make_record
from tests.world import World


@given(st.lists(st.binary(max_size=40), max_size=8), st.lists(st.integers(1, 60), max_size=20))
def test_frames_arrive_whole_however_they_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(len(body).to_bytes(4, "big") + body for body in bodies)
    buffer, found, at = FrameBuffer(), [], 0
    for cut in [*cuts, len(stream)]:
        found += list(buffer.feed(stream[at : at + cut]))
        at += cut
    assert found == bodies


def test_a_frame_that_is_too_long_is_refused() -> None:
    with pytest.raises(WriterGone):
        list(FrameBuffer().feed((MAX_FRAME + 1).to_bytes(4, "big")))


def test_a_statement_crosses_without_what_only_checks_need() -> None:
    world = World.founding()
    statement = decode_statement(world.sign("source", "record.submit", world.record()))
    body = frame(Submit(7, [pack_statement(statement)]))[4:]
    request = read_request(body)
    assert isinstance(request, Submit)
    crossed = unpack_statement(request.statements[0])
    assert (crossed.to_be_signed, crossed.signature) == (b"", b"")
    for name in statement.__struct_fields__:
        if name not in {"to_be_signed", "signature"}:
            assert getattr(crossed, name) == getattr(statement, name), name
    assert read_request(frame(Ping(3))[4:]) == Ping(3)


def test_outcomes_cross_with_their_errors() -> None:
    statements = [decode_statement(make_record(f"ledger.example/x#{'0' * 64}")) for _ in range(3)]
    error = broken("REC-1", "not a source", "不是来源")
    outcomes = [
        Outcome(statements[0].statement_id, "admitted", 5),
        Outcome(statements[1].statement_id, "refused", 6, error),
        Outcome(statements[2].statement_id, "rejected", None, OverloadError(detail="x", retry_after=3)),
    ]
    answer = read_response(frame(Answer(1, [pack_outcome(o) for o in outcomes], 9, "published"))[4:])
    assert isinstance(answer, Answer)
    found = unpack_outcomes(statements, answer.outcomes)
    for before, after in zip(outcomes, found, strict=True):
        assert dataclasses.replace(before, error=None) == dataclasses.replace(after, error=None)
        if before.error is not None:
            assert after.error is not None
            assert after.error.stable_code == before.error.stable_code
            assert after.error.message("zh") == before.error.message("zh")
            assert after.error.advice() == before.error.advice()
    fault = read_response(frame(Fault(1, pack_error(error)))[4:])
    assert isinstance(fault, Fault)
    assert unpack_error(fault.error).stable_code == "REC-1"


def _all_errors(base: type[SuyuanError]) -> list[type[SuyuanError]]:
    return [base, *(error for sub in base.__subclasses__() for error in _all_errors(sub))]


def test_every_error_class_crosses_as_itself() -> None:
    for kind in _all_errors(SuyuanError):
        if kind.__module__.startswith(("ledger", "node")) and kind.__name__ != "RuleError":
            error = kind.__new__(kind)
            SuyuanError.__init__(error, detail="d", size=3)
            assert type(unpack_error(pack_error(error))) is kind
            assert unpack_error(pack_error(error)).params == {"detail": "d", "size": 3}


def test_the_socket_may_lie_deep(tmp_path: Path) -> None:
    from node.writer_socket import MAX_PATH_BYTES, listen, socket_address

    deep = tmp_path.joinpath(*["folder-with-a-long-name"] * 6)
    deep.mkdir(parents=True)
    path = deep / "writer.sock"
    assert len(str(path)) > MAX_PATH_BYTES
    import socket

    with listen(path), socket.socket(socket.AF_UNIX) as client, socket_address(path) as address:
        client.connect(address)
        assert path.stat().st_mode & 0o777 == 0o600

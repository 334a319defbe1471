"""What crosses the writer's socket: frames of a 4-byte length and one msgpack array, statements already decoded.

The fronts have read and verified the statements; the writer rebuilds them without doing either again. The socket
belongs to the node's user alone (mode 0600), so both ends are the same program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from ledger.encoding import JsonObject
from ledger.errors import SuyuanError, Text
from ledger.execution import Outcome
from ledger.rules.registry import RuleError
from ledger.statement import Statement
from node.errors import WriterGone

MAX_FRAME: Final = 128 * 2**20
"""Bytes of one frame: a full sequence of the largest statements twice over, as bytes and decoded."""
_LENGTH: Final = 4

State: TypeAlias = Literal["sequenced", "integrated", "published", "witnessed"]


class WireStatement(msgspec.Struct, frozen=True, array_like=True):
    """A statement as it crosses; what only signature checks need stays behind."""

    raw: bytes
    leaf: bytes
    digest: bytes
    alg: int
    kid: bytes
    iss: str
    sub: str
    aud: str
    iat: int
    cti: bytes
    kind: str
    payload: msgspec.Raw


class Submit(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A front asks for statements to be put into a block, in this order."""

    number: int
    statements: list[WireStatement]


class Ping(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A front asks whether the writer answers."""

    number: int


class WireError(msgspec.Struct, frozen=True, array_like=True):
    """An error: its class by name, parameters, and for a broken rule what was wrong in both languages."""

    name: str
    params: dict[str, str | int]
    rule: tuple[str, str, str] | None = None


class WireOutcome(msgspec.Struct, frozen=True, array_like=True):
    """What became of one statement; its id is known to the asker."""

    status: Literal["admitted", "refused", "duplicate", "rejected"]
    index: int | None
    error: WireError | None


class Answer(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Outcomes in the order asked, the size of the tree that holds them, and the state they have reached."""

    number: int
    outcomes: list[WireOutcome]
    size: int
    state: State


class Fault(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """The writer could not take the request."""

    number: int
    error: WireError


Request: TypeAlias = Submit | Ping
Response: TypeAlias = Answer | Fault

_encoder = msgspec.msgpack.Encoder()
_request_decoder: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_response_decoder: msgspec.msgpack.Decoder[Response] = msgspec.msgpack.Decoder(Response)
_payload_decoder = msgspec.msgpack.Decoder(dict[str, object])


def frame(message: Request | Response) -> bytes:
    """Return a message as it is sent."""
    body = _encoder.encode(message)
    return len(body).to_bytes(_LENGTH, "big") + body


def read_request(body: bytes) -> Request:
    """Return the request in a frame's body."""
    return _request_decoder.decode(body)


def read_response(body: bytes) -> Response:
    """Return the response in a frame's body."""
    return _response_decoder.decode(body)


class FrameBuffer:
    """Collects received bytes and gives them out as whole frames."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bodies that `data` completes. Raises `WriterGone` for a frame that is too long."""
        self._data += data
        at = 0
        while len(self._data) - at >= _LENGTH:
            start = at + _LENGTH
            length = int.from_bytes(self._data[at:start], "big")
            if length > MAX_FRAME:
                raise WriterGone(target="the other end of the socket", detail="a frame is too long")
            if len(self._data) < start + length:
                break
            yield bytes(self._data[start : start + length])
            at = start + length
        del self._data[:at]


def pack_statement(statement: Statement) -> WireStatement:
    """Return a statement as it crosses."""
    s = statement
    payload = msgspec.Raw(_encoder.encode(s.payload))
    return WireStatement(s.raw, s.leaf, s.digest, s.alg, s.kid, s.iss, s.sub, s.aud, s.iat, s.cti, s.kind, payload)


def unpack_statement(wire: WireStatement) -> Statement:
    """Return the statement that crossed, without what only signature checks need."""
    payload: JsonObject = _payload_decoder.decode(wire.payload)  # type: ignore[assignment]  # the front has checked it
    return Statement(
        raw=wire.raw,
        leaf=wire.leaf,
        digest=wire.digest,
        alg=wire.alg,
        kid=wire.kid,
        iss=wire.iss,
        sub=wire.sub,
        aud=wire.aud,
        iat=wire.iat,
        cti=wire.cti,
        kind=wire.kind,
        payload=payload,
        to_be_signed=b"",
        signature=b"",
    )


def pack_error(error: SuyuanError) -> WireError:
    """Return an error as it crosses."""
    rule = (error.rule, error.detail.en, error.detail.zh) if isinstance(error, RuleError) else None
    return WireError(_name(type(error)), error.params, rule)


def unpack_error(wire: WireError) -> SuyuanError:
    """Return the error that crossed; a class that is not known here becomes the base class."""
    if wire.rule is not None:
        rule, en, zh = wire.rule
        return RuleError(rule, Text(en, zh))
    found = _errors().get(wire.name, SuyuanError)
    error = found.__new__(found)
    # A subclass may have a constructor of its own; its message needs the parameters only.
    SuyuanError.__init__(error, **wire.params)
    return error


def _name(error: type[SuyuanError]) -> str:
    return f"{error.__module__}.{error.__qualname__}"


_known: dict[str, type[SuyuanError]] = {}


def _errors() -> dict[str, type[SuyuanError]]:
    """Return every error class by name; collected once, when the first error crosses."""
    if not _known:
        waiting: list[type[SuyuanError]] = [SuyuanError]
        while waiting:
            found = waiting.pop()
            _known[_name(found)] = found
            waiting += found.__subclasses__()
    return _known


def pack_outcome(outcome: Outcome) -> WireOutcome:
    """Return an outcome as it crosses."""
    return WireOutcome(outcome.status, outcome.index, None if outcome.error is None else pack_error(outcome.error))


def unpack_outcomes(statements: Sequence[Statement], wires: Sequence[WireOutcome]) -> list[Outcome]:
    """Return the outcomes of the statements that were asked about."""
    return [
        Outcome(
            statement.statement_id, wire.status, wire.index, None if wire.error is None else unpack_error(wire.error)
        )
        for statement, wire in zip(statements, wires, strict=True)
    ]

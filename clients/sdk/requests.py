"""Every call a client can make, as a value: the request and the reader of its answer (pure).

Paths and answers are those of docs/openapi.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from clients.sdk.answers import (
    Answer,
    FetchedStatement,
    Held,
    Json,
    LogInfo,
    Receipted,
    SequencePlaced,
    StatementInfo,
    WaitState,
    read_bytes,
    read_json,
    read_nothing,
    read_row,
    read_rows,
    read_statement,
    read_text,
)
from clients.sdk.errors import AnswerMalformed
from clients.sdk.wire import Call, Pairs, Request, Response
from ledger.kinds.genesis import Genesis
from ledger.state.tables import CatalogueState, GrantState, MemberState, RecordState, TransferState
from ledger.statement import MAX_SEQUENCE, decode_statement
from ledger.statement_errors import SequenceEmpty, SequenceTooLong
from ledger.tiles import TILE_WIDTH, entries_path, tile_path

COSE = "application/cose"
CBOR_SEQUENCE = "application/cbor-seq"
OCTETS = "application/octet-stream"
JSON = "application/json"


def submit(statement: bytes, wait: WaitState = "integrated") -> Call[Receipted]:
    """Submit one signed statement and wait for a state; a refusal is raised as `RefusedProblem` with its index.

    Raises a `FormError` when the bytes are no statement: nothing malformed is sent.
    """
    wanted = decode_statement(statement).statement_id
    inner = read_json(Receipted, "/v1/statements")

    def read(response: Response) -> Receipted:
        receipted = inner(response)
        if receipted.statement_id != wanted:
            raise AnswerMalformed(path="/v1/statements", detail="the answer is about another statement")
        return receipted

    return Call(_post("/v1/statements", statement, COSE, (("wait", wait),)), read)


def submit_sequence(statements: Sequence[bytes], wait: WaitState = "integrated") -> Call[SequencePlaced]:
    """Submit 1 to 1,000 signed statements in one body; raises `SequenceEmpty`, `SequenceTooLong` or a `FormError`."""
    if not statements:
        raise SequenceEmpty
    if len(statements) > MAX_SEQUENCE:
        raise SequenceTooLong(limit=MAX_SEQUENCE)
    wanted = [decode_statement(statement).statement_id for statement in statements]
    inner = read_json(SequencePlaced, "/v1/statements")

    def read(response: Response) -> SequencePlaced:
        placed = inner(response)
        if [result.statement_id for result in placed.results] != wanted:
            raise AnswerMalformed(path="/v1/statements", detail="the answer is about other statements")
        return placed

    return Call(_post("/v1/statements", b"".join(statements), CBOR_SEQUENCE, (("wait", wait),)), read)


def statement(statement_id: str) -> Call[FetchedStatement]:
    """Fetch a statement's bytes; the answer is checked to be that statement."""

    def read(response: Response) -> FetchedStatement:
        fetched = read_statement(response)
        if fetched.statement.statement_id != statement_id:
            raise AnswerMalformed(path="/v1/statements/{id}", detail="the answer is another statement")
        return fetched

    return Call(_get(f"/v1/statements/{_part(statement_id)}", accept=COSE), read, bearer=True)


def statement_info(statement_id: str) -> Call[StatementInfo]:
    """Fetch a statement's row."""
    path = f"/v1/statements/{_part(statement_id)}/info"
    return Call(_get(path), read_json(StatementInfo, path), bearer=True)


def receipt(statement_id: str) -> Call[bytes]:
    """Fetch a receipt (RFC 9942), COSE bytes."""
    return Call(_get(f"/v1/statements/{_part(statement_id)}/receipt", accept=COSE), read_bytes)


def proof(statement_id: str) -> Call[str]:
    """Fetch a proof file (C2SP tlog-proof) against the newest published checkpoint."""
    return Call(_get(f"/v1/statements/{_part(statement_id)}/proof", accept="text/plain"), read_text)


def checkpoint() -> Call[str]:
    """Fetch the newest published checkpoint (C2SP signed note)."""
    return Call(_get("/checkpoint", accept="text/plain"), read_text)


def tile(level: int, index: int, width: int = TILE_WIDTH) -> Call[bytes]:
    """Fetch the first `width` hashes of a tile; raises `TilePathError`."""
    return Call(_get(f"/{tile_path(level, index, width)}", accept=OCTETS), read_bytes)


def entries(index: int, width: int = TILE_WIDTH) -> Call[bytes]:
    """Fetch an entry bundle (auditors and regulators); raises `TilePathError`."""
    return Call(_get(f"/{entries_path(index, width)}", accept=OCTETS), read_bytes, bearer=True)


def log() -> Call[LogInfo]:
    """Fetch what the node says of its log."""
    return Call(_get("/v1/log"), read_json(LogInfo, "/v1/log"))


def genesis() -> Call[Genesis]:
    """Fetch the genesis document; it is the node's word until leaf 0 is proven."""
    return Call(_get("/v1/genesis"), read_json(Genesis, "/v1/genesis"))


def policy() -> Call[str]:
    """Fetch the node's policy file. A policy is trusted only when it came by another way."""
    return Call(_get("/v1/policy", accept="text/plain"), read_text)


def put_manifest(digest: str, manifest: bytes, root: str, count: int) -> Call[Held]:
    """Upload a batch manifest named by its SHA-256 (hex); the node answers with its "held" signature."""
    query = (("root", root), ("count", str(count)))
    request = Request("PUT", f"/v1/manifests/{_part(digest)}", query, (("content-type", OCTETS),), manifest)
    return Call(request, read_json(Held, "/v1/manifests"), bearer=True)


def get_manifest(digest: str) -> Call[bytes]:
    """Fetch a manifest by its SHA-256."""
    return Call(_get(f"/v1/manifests/{_part(digest)}", accept=OCTETS), read_bytes, bearer=True)


def put_package(digest: str, ciphertext: bytes, receiver: str) -> Call[None]:
    """Put a package into the node's mailbox for `receiver`, named by the SHA-256 of the ciphertext."""
    request = Request(
        "PUT", f"/v1/mailbox/{_part(digest)}", (("receiver", receiver),), (("content-type", OCTETS),), ciphertext
    )
    return Call(request, read_nothing, bearer=True)


def get_package(digest: str) -> Call[bytes]:
    """Fetch a package from the node's mailbox."""
    return Call(_get(f"/v1/mailbox/{_part(digest)}", accept=OCTETS), read_bytes, bearer=True)


def delete_package(digest: str) -> Call[None]:
    """Drop a package from the node's mailbox."""
    return Call(Request("DELETE", f"/v1/mailbox/{_part(digest)}"), read_nothing, bearer=True)


def trace_forward(reference: str, as_of: int | None = None) -> Call[Answer]:
    """Question 1: everywhere this reference went."""
    return _question("/v1/trace/forward", (("reference", reference), *_as_of(as_of)))


def trace_back(reference: str, as_of: int | None = None) -> Call[Answer]:
    """Question 2: everything this reference came from."""
    return _question("/v1/trace/back", (("reference", reference), *_as_of(as_of)))


def holders(reference: str, at: int | None = None) -> Call[Answer]:
    """Question 3: who held this reference at a log index."""
    return _question("/v1/trace/holders", (("reference", reference), *(() if at is None else (("at", str(at)),))))


def grant_tree(grant: str, as_of: int | None = None) -> Call[Answer]:
    """Question 5: a grant's children, hand-overs, what is left, violations."""
    return _question(f"/v1/grants/{_part(grant)}/tree", _as_of(as_of))


def contract_view(contract: str, as_of: int | None = None) -> Call[Answer]:
    """Question 9: a contract's terms, claims, payments, verifications and disagreements."""
    return _question(f"/v1/contracts/{_part(contract)}", _as_of(as_of))


def findings(
    code: str | None = None, party: str | None = None, open_only: bool | None = None, as_of: int | None = None
) -> Call[Answer]:
    """Question 6: findings by code and party."""
    query = (*_given("code", code), *_given("party", party))
    if open_only is not None:
        query = (*query, ("open", "true" if open_only else "false"))
    return _question("/v1/findings", (*query, *_as_of(as_of)))


def refusals(member: str | None = None, as_of: int | None = None) -> Call[Answer]:
    """Question 6: refused attempts by member."""
    return _question("/v1/refusals", (*_given("member", member), *_as_of(as_of)))


def duties(party: str | None = None, as_of: int | None = None) -> Call[Answer]:
    """Question 6: duties that await a party, with their deadlines."""
    return _question("/v1/duties", (*_given("party", party), *_as_of(as_of)))


def members() -> Call[list[MemberState]]:
    """List the members."""
    return Call(_get("/v1/members"), read_rows(MemberState, "/v1/members"), bearer=True)


def member(uscc: str) -> Call[MemberState]:
    """Fetch one member's row."""
    path = f"/v1/members/{_part(uscc)}"
    return Call(_get(path), read_row(MemberState, path), bearer=True)


def catalogue(version: int | None = None) -> Call[CatalogueState]:
    """Fetch a catalogue version, by default the one in force."""
    query = () if version is None else (("version", str(version)),)
    return Call(_get("/v1/catalogue", query), read_row(CatalogueState, "/v1/catalogue"), bearer=True)


def transfer(offer: str) -> Call[TransferState]:
    """Fetch the present state of a hand-over by the id of its offer."""
    path = f"/v1/transfers/{_part(offer)}"
    return Call(_get(path), read_row(TransferState, path), bearer=True)


def grant(grant_id: str) -> Call[GrantState]:
    """Fetch the present state of a grant."""
    path = f"/v1/grants/{_part(grant_id)}"
    return Call(_get(path), read_row(GrantState, path), bearer=True)


def record(reference: str) -> Call[RecordState]:
    """Fetch the present state of a record or of the batch that a row belongs to."""
    path = f"/v1/records/{_part(reference.partition(':')[0])}"
    return Call(_get(path), read_row(RecordState, path), bearer=True)


def health() -> Call[Json]:
    """Fetch the node's health."""
    return Call(_get("/health"), read_json(dict[str, object], "/health"))


def _question(path: str, query: Pairs) -> Call[Answer]:
    return Call(_get(path, query), read_json(Answer, path), bearer=True)


def _get(path: str, query: Pairs = (), accept: str = JSON) -> Request:
    return Request("GET", path, query, (("accept", accept),))


def _post(path: str, body: bytes, content_type: str, query: Pairs) -> Request:
    return Request("POST", path, query, (("accept", JSON), ("content-type", content_type)), body)


def _part(text: str) -> str:
    # A name is one path segment, whatever stands in it; the colon of a reference is allowed there (RFC 3986, 3.3).
    return quote(text, safe=":")


def _as_of(as_of: int | None) -> Pairs:
    return () if as_of is None else (("as_of", str(as_of)),)


def _given(name: str, value: str | None) -> Pairs:
    return () if value is None else ((name, value),)

"""A node without processes: the real execution of `tests.world` behind the routes of the API, as an HTTP transport.

`lose_answers` drops that many answers after the request took effect: "failed but persisted".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar
from urllib.parse import unquote

import httpx2
import msgspec

from clients.sdk.edge import Surroundings
from clients.sdk.identity import Identity
from clients.sdk.sync_client import Client
from ledger.encoding import base64url, decode_base64url
from ledger.entries import RefusalEntry, StatementEntry, decode_entry
from ledger.execution import Outcome
from ledger.kinds.genesis import Genesis
from ledger.manifest import check_manifest
from ledger.merkle import leaf_hash
from ledger.merkle.prove import MemoryTree, inclusion_proof
from ledger.notes.checkpoint import Checkpoint
from ledger.notes.note import SignedNote, sign_note
from ledger.notes.policy import Policy
from ledger.notes.signers import Ed25519Cosigner, Ed25519NoteSigner
from ledger.notes.tlog_proof import TlogProof
from ledger.rules.registry import RuleError, broken
from ledger.signed import sign_held, verify_token
from ledger.state.tables import CATALOGUE, DUTY, GRANT, RECORD, TRANSFER, DutyState, StateRow, Table
from ledger.statement import decode_sequence, decode_statement, verify_statement
from ledger.tiles import parse_tile_path
from tests.world import World
from tests.world_genesis import NODES, ORIGIN, seed_of, signer_of, uscc_of

NODE = "n1"
V = TypeVar("V", bound=StateRow)
COSIGNED_AT = 1_772_409_600


class SimulatedNode:
    """One ledger with its routes. Every submission is a block of its own; every block is published at once."""

    def __init__(self, genesis: Genesis | None = None) -> None:
        self.world = World.founding() if genesis is None else World(genesis)
        self.tree = MemoryTree([leaf_hash(entry) for entry in self.world.entries])
        self.mailbox: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.places: dict[str, tuple[int, str | None]] = {}
        self.raws: dict[str, bytes] = {}
        self.requests: list[httpx2.Request] = []
        self.lose_answers = 0
        self.busy = 0
        self._random = 0

    # What tests hold in their hands.

    def surroundings(self) -> Surroundings:
        """Return a clock that follows the ledger's and randomness that repeats; waiting lets ten seconds pass."""
        return Surroundings(lambda: self.world.time, self._random_bytes, lambda seconds: None)

    def client(self, member: str, node: str = NODE, **more: object) -> Client:
        """Return a client of a node for a member of the tests' world; all nodes answer alike but sign their own."""
        identity = Identity(uscc_of(member), signer_of(member), self.surroundings())
        transport = httpx2.MockTransport(self.answer)
        return Client(f"http://{node}.example", identity=identity, node=NODE, transport=transport, **more)  # type: ignore[arg-type]

    def policy(self) -> Policy:
        """Return the policy that trusts this node's log key and three of four cosigners."""
        lines = [f"log {Ed25519NoteSigner(ORIGIN, seed_of(f'log:{NODE}')).vkey}"]
        for name in NODES:
            lines.append(f"witness {name} {Ed25519Cosigner(f'{ORIGIN}/{name}', seed_of(f'cosigner:{name}')).vkey}")
        lines += [f"group nodes 3 {' '.join(NODES)}", "quorum nodes"]
        return Policy.parse("\n".join(lines) + "\n")

    def checkpoint(self, size: int | None = None, root: bytes | None = None) -> str:
        """Return the signed checkpoint at a size, by default the newest; another root makes a fork."""
        at = self.tree.size if size is None else size
        head = Checkpoint(ORIGIN, at, self.tree.root(at) if root is None else root)
        note = sign_note(head.text(), [Ed25519NoteSigner(ORIGIN, seed_of(f"log:{NODE}"))])
        cosigners = [Ed25519Cosigner(f"{ORIGIN}/{name}", seed_of(f"cosigner:{name}")) for name in NODES]
        return str(note.adding([cosigner.cosign(head, COSIGNED_AT) for cosigner in cosigners]))

    def proof(self, statement_id: str) -> str:
        """Return the proof file of a statement, or of its refusal entry."""
        index, _ = self.places[statement_id]
        path = inclusion_proof(index, self.tree.size, self.tree)
        return str(TlogProof(index, path, SignedNote.parse(self.checkpoint())))

    # The routes.

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request as the API would."""
        self.requests.append(request)
        if self.busy:
            self.busy -= 1
            return _problem(429, "overload", "busy", retry_after="0")
        response = self._route(request)
        if self.lose_answers and request.method in ("POST", "PUT"):
            self.lose_answers -= 1
            raise httpx2.ReadError("the connection broke")
        return response

    def _route(self, request: httpx2.Request) -> httpx2.Response:
        parts = [unquote(part) for part in request.url.path.strip("/").split("/")]
        match request.method, parts:
            case "POST", ["v1", "statements"]:
                return self._submit(request)
            case "GET", ["v1", "log"]:
                return self._log()
            case "GET", ["checkpoint"]:
                return httpx2.Response(200, text=self.checkpoint())
            case "GET", ["tile", *_]:
                tile = parse_tile_path(request.url.path.lstrip("/"))
                coords = [(8 * tile.level, 256 * tile.index + at) for at in range(tile.width)]
                return httpx2.Response(200, content=b"".join(self.tree.read_hashes(coords)))
            case "GET", ["v1", "statements", statement_id, "proof"]:
                return self._known(statement_id, lambda: httpx2.Response(200, text=self.proof(statement_id)))
            case "GET", ["v1", "catalogue"]:
                return self._row(CATALOGUE, "", request.url.params.get("version", ""))
        if not self._caller(request):
            return _problem(401, "access.token_missing", "a token is needed")
        return self._private(request, parts)

    def _private(self, request: httpx2.Request, parts: list[str]) -> httpx2.Response:
        match request.method, parts:
            case "GET", ["v1", "statements", statement_id]:
                return self._known(statement_id, lambda: self._raw(statement_id))
            case "GET", ["v1", "statements", statement_id, "info"]:
                return self._known(statement_id, lambda: self._info(statement_id))
            case "GET", ["v1", "transfers", offer]:
                return self._row(TRANSFER, offer)
            case "GET", ["v1", "grants", grant]:
                return self._row(GRANT, grant)
            case "GET", ["v1", "records", record]:
                return self._row(RECORD, record)
            case "GET", ["v1", "duties"]:
                return self._duties(request.url.params["party"])
            case "PUT", ["v1", "manifests", digest]:
                return self._put_manifest(request, digest)
            case "PUT", ["v1", "mailbox", digest]:
                self.mailbox[digest] = request.content
                return httpx2.Response(201, json={"stored": digest})
            case "GET", ["v1", "mailbox", digest] if digest in self.mailbox:
                return httpx2.Response(200, content=self.mailbox[digest])
        return _problem(404, "not_found", request.url.path)

    def _caller(self, request: httpx2.Request) -> bool:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            return False
        data = decode_base64url(text)
        for member in ("source", "hub", "lender", "operator", "auditor", "source_b"):
            if signer_of(member).public.thumbprint in data:
                verify_token(data, signer_of(member).public, aud=NODE, now=self.world.time // 1000)
                return True
        return False

    def _submit(self, request: httpx2.Request) -> httpx2.Response:
        single = request.headers["content-type"] == "application/cose"
        statements = [decode_statement(request.content)] if single else decode_sequence(request.content)
        for statement in statements:
            for member in ("source", "hub", "lender", "operator", "source_b"):
                if signer_of(member).public.thumbprint == statement.kid:
                    verify_statement(statement, signer_of(member).public)
        outcomes = [self._as_answered(outcome) for outcome in self.run(*(statement.raw for statement in statements))]
        if not single:
            results = [_outcome(outcome) for outcome in outcomes]
            return httpx2.Response(200, json={"results": results, "state": "published", "size": self.tree.size})
        outcome = outcomes[0]
        body = {"id": outcome.statement_id, "index": outcome.index, "status": outcome.status}
        if outcome.error is not None:
            problem = _problem_of(outcome)
            extra = body if outcome.index is not None else {"id": outcome.statement_id}
            return _json_problem(int(str(problem["status"])), {**problem, **extra})
        status = 200 if outcome.status == "duplicate" else 201
        return httpx2.Response(status, json={**body, "state": "published", "size": self.tree.size})

    def _as_answered(self, outcome: Outcome) -> Outcome:
        """Give a duplicate of a refused statement the refusal that stands at its first place."""
        rule = self.places.get(outcome.statement_id, (0, None))[1]
        if outcome.status != "duplicate" or rule is None:
            return outcome
        return replace(outcome, error=broken(rule, "it was refused before", "该陈述此前已被拒绝"))

    def run(self, *raws: bytes) -> list[Outcome]:
        """Execute one block and take its leaves into the tree."""
        outcomes = self.world.run(*raws)
        for entry in self.world.entries[self.tree.size :]:
            decoded = decode_entry(entry)
            if isinstance(decoded, StatementEntry | RefusalEntry):
                rule = decoded.rule if isinstance(decoded, RefusalEntry) else None
                statement = decoded.statement
                self.places[statement.statement_id] = (self.tree.size, rule)
                self.raws[statement.statement_id] = statement.raw
            self.tree.append(leaf_hash(entry))
        return outcomes

    def _log(self) -> httpx2.Response:
        head = self.world.head
        body = {
            "origin": head.origin, "genesis": head.genesis_hash, "audience": head.audience, "node": NODE,
            "size": head.size, "root": head.root().hex(), "height": head.height, "time": head.time,
            "app_hash": head.app_hash.hex(),
        }  # fmt: skip
        return httpx2.Response(200, json=body)

    def _raw(self, statement_id: str) -> httpx2.Response:
        index, rule = self.places[statement_id]
        headers = {"suyuan-index": str(index), "suyuan-status": "refused" if rule else "admitted"}
        return httpx2.Response(200, content=self.raws[statement_id], headers=headers)

    def _info(self, statement_id: str) -> httpx2.Response:
        index, rule = self.places[statement_id]
        statement = decode_statement(self.raws[statement_id])
        body = {
            "id": statement_id, "index": index, "kind": statement.kind, "iss": statement.iss,
            "kid": base64url(statement.kid), "sub": statement.sub, "iat": statement.iat, "block_time": 0, "rule": rule,
        }  # fmt: skip
        return httpx2.Response(200, json=body)

    def _known(self, statement_id: str, make: Callable[[], httpx2.Response]) -> httpx2.Response:
        return make() if statement_id in self.places else _problem(404, "not_found", statement_id)

    def _row(self, table: Table[V], anchor: str, suffix: str = "") -> httpx2.Response:
        row = self.world.row(table, anchor, suffix)
        if row is None:
            return _problem(404, "not_found", anchor)
        named = {name: msgspec.to_builtins(getattr(row, name)) for name in row.__struct_fields__}
        return httpx2.Response(200, json=named)

    def _duties(self, party: str) -> httpx2.Response:
        rows = [(key, row) for key, row in self.world.state.rows.items() if key[0] == DUTY.name]
        duties = [
            {
                "kind": row.kind, "party": row.party, "about": row.about, "opener": key[1], "due": row.due,
                "status": "open" if row.met_by is None else "met", "met_by": row.met_by, "met_at": row.met_at,
            }
            for key, row in rows
            if isinstance(row, DutyState) and row.party == party
        ]  # fmt: skip
        head = self.world.head
        answer = {"as_of": head.size, "time": head.time, "root": head.root().hex(), "complete": "replay"}
        return httpx2.Response(200, json={**answer, "answer": duties, "statements": []})

    def _put_manifest(self, request: httpx2.Request, digest: str) -> httpx2.Response:
        root, count = bytes.fromhex(request.url.params["root"]), int(request.url.params["count"])
        check_manifest(request.content, digest=bytes.fromhex(digest), root=root, count=count)
        self.manifests[digest] = request.content
        node = request.url.host.partition(".")[0]
        signer = signer_of(f"node:{node if node in NODES else NODE}")
        held = sign_held(signer, origin=ORIGIN, manifest_hash=bytes.fromhex(digest), root=root, count=count)
        return httpx2.Response(201, json={"held": base64url(held)})

    def _random_bytes(self, size: int) -> bytes:
        self._random += 1
        return sha256(f"random {self._random}".encode()).digest()[:size]


class TreeTiles:
    """A `TileReader` over a whole tree."""

    def __init__(self, tree: MemoryTree) -> None:
        self.tree = tree

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        return b"".join(self.tree.read_hashes([(8 * level, 256 * index + at) for at in range(width)]))


def _outcome(outcome: Outcome) -> dict[str, object]:
    result: dict[str, object] = {"id": outcome.statement_id, "status": outcome.status}
    if outcome.index is not None:
        result["index"] = outcome.index
    if outcome.error is not None:
        result["problem"] = _problem_of(outcome)
    return result


def _problem_of(outcome: Outcome) -> dict[str, object]:
    error = outcome.error
    assert error is not None
    rule = {"rule": error.rule} if isinstance(error, RuleError) else {}
    return {
        "type": f"urn:suyuan:error:{error.stable_code}",
        "title": "Refused",
        "status": 422 if outcome.index is None else 403,
        "detail": error.message(),
        "code": error.stable_code,
        "next": error.advice(),
        "params": error.params,
        **rule,
    }


def _problem(status: int, code: str, detail: str, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return _json_problem(status, {"status": status, "code": code, "detail": detail, "next": "try again"}, named)


def _json_problem(status: int, body: dict[str, object], headers: dict[str, str] | None = None) -> httpx2.Response:
    named = {"content-type": "application/problem+json", **(headers or {})}
    return httpx2.Response(status, content=json.dumps(body).encode(), headers=named)

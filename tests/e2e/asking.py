"""Requests to a running node by hand: statements made wrong on purpose, tokens of any kind, and what must come back."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cbor2
import httpx2

from ledger.cose import Sign1, sig_structure
from ledger.encoding import base64url
from ledger.keys import Signer
from ledger.signed import build_token
from ledger.statement import CONTENT_TYPE, STATEMENT_TYP, build_statement, decode_statement, subject_urn
from tests.node.founding import PER_MINUTE, found_node
from tests.node.node_process import NodeProcess, running_node
from tests.world import digest_of
from tests.world_genesis import signer_of, uscc_of

COSE, SEQUENCE, OCTETS = "application/cose", "application/cbor-seq", "application/octet-stream"
PROBLEM = "application/problem+json"
PARAMETER = re.compile("[{][a-z_]+[}]")
CHINESE = re.compile("[\u4e00-\u9fff]")
_count = itertools.count(1)


def fresh_id() -> str:
    """Return an id that no other statement of this run has."""
    return f"e-{secrets.token_hex(4)}-{next(_count)}"


def permit(**changes: object) -> dict[str, object]:
    """Return a record.submit payload that is admitted when source_b signs it."""
    text = fresh_id()
    return {
        "item": "permit",
        "catalogue": 1,
        "subject": {"class": "enterprise", "value": digest_of(f"subject {text}"), "epoch": 1},
        "commitment": digest_of(f"commitment {text}"),
        "event_day": "2026-02-20",
        "retention_end": "2028-02-20",
        **changes,
    }


@dataclass
class Asker:
    """Everybody who asks one running node."""

    node: NodeProcess
    http: httpx2.Client
    audience: str = ""
    name: str = ""
    _tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        log = self.http.get("/v1/log").json()
        self.audience, self.name = log["audience"], log["node"]

    def size(self) -> int:
        """Return the number of leaves."""
        return int(self.http.get("/v1/log").json()["size"])

    def sign(self, member: str, kind: str, payload: Mapping[str, object], **claims: object) -> bytes:
        """Return a sound statement of `member`; `claims` may replace sub_id, aud, iat and cti."""
        given: dict[str, object] = {
            "sub_id": fresh_id(),
            "aud": self.audience,
            "iat": int(time.time()),
            "cti": secrets.token_bytes(16),
            **claims,
        }
        return build_statement(signer_of(member), iss=uscc_of(member), kind=kind, payload=payload, **given)  # type: ignore[arg-type]  # names as above

    def record(self, **changes: object) -> bytes:
        """Return a statement that is admitted."""
        return self.sign("source_b", "record.submit", permit(**changes))

    def forbidden(self) -> bytes:
        """Return a statement that is refused under REC-1: its issuer is no source for the item."""
        return self.sign("lender", "record.submit", permit())

    def forge(
        self,
        body: bytes,
        sub: str,
        *,
        iss: str = "source_b",
        signer: Signer | None = None,
        header: Mapping[int, object] | None = None,
        unprotected: Mapping[object, object] | None = None,
    ) -> bytes:
        """Return a statement over any bytes, signed as it stands; `header` changes the protected header."""
        key = signer or signer_of(iss)
        claims = {1: uscc_of(iss), 2: sub, 3: self.audience, 6: int(time.time()), 7: secrets.token_bytes(16)}
        labels: dict[int, object] = {1: -8, 3: CONTENT_TYPE, 4: key.public.thumbprint, 15: claims, 16: STATEMENT_TYP}
        labels |= dict(header or {})
        protected = cbor2.dumps(labels)
        signed = Sign1(protected, {}, body, key.sign(sig_structure(protected, body))).encode()
        if unprotected is None:
            return signed
        tag = cbor2.loads(signed)
        return cbor2.dumps(cbor2.CBORTag(18, [tag.value[0], dict(unprotected), tag.value[2], tag.value[3]]))

    def sub(self, kind: str = "record.submit", member: str = "source_b") -> str:
        """Return a fresh subject of a statement."""
        return subject_urn(kind, uscc_of(member), fresh_id())

    def post(
        self, data: bytes, media: str = COSE, *, language: str = "en", wait: str = "integrated", accept: str = "*/*"
    ) -> httpx2.Response:
        """Submit anything."""
        headers = {"content-type": media, "accept-language": language, "accept": accept}
        return self.http.post("/v1/statements", params={"wait": wait}, content=data, headers=headers)

    def admit(self, member: str, kind: str, payload: Mapping[str, object], **claims: object) -> str:
        """Submit what must be admitted and return its id."""
        raw = self.sign(member, kind, payload, **claims)
        answer = self.post(raw)
        assert answer.status_code == 201, answer.text
        return decode_statement(raw).statement_id

    def token(self, member: str, *, node: str | None = None, key: Signer | None = None, **times: int) -> str:
        """Return a bearer token; `times` may set `iat` and `exp` (s)."""
        now = int(time.time())
        given = {"iat": now - 5, "exp": now + 200, **times}
        signer = key or signer_of(member)
        made = build_token(
            signer, iss=uscc_of(member), aud=node or self.name, cti=secrets.token_bytes(16), **given
        )  # fmt: skip
        return base64url(made)

    def bearer(self, member: str | None) -> dict[str, str]:
        """Return the headers of a request by `member`, the same token each time; none for nobody."""
        if member is None:
            return {}
        token = self._tokens.setdefault(member, self.token(member))
        return {"authorization": f"Bearer {token}"}

    def get(self, path: str, member: str | None = None, **query: object) -> httpx2.Response:
        """Read something as `member`, or as nobody."""
        params = {name: str(value) for name, value in query.items()}
        return self.http.get(path, params=params or None, headers=self.bearer(member))


def check_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, object]:
    """Check that an answer is the problem wanted, whole and in its language, and return its members."""
    members: dict[str, object] = answer.json()
    assert (answer.status_code, members["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["cache-control"] == "no-store"
    assert members["status"] == status
    assert members["type"] == f"urn:suyuan:error:{code}"
    chinese = answer.headers["content-language"] == "zh"
    for name in ("title", "detail", "next"):
        text = members[name]
        assert isinstance(text, str)
        assert text.strip()
        assert PARAMETER.search(text) is None, f"{name} has a parameter that was not filled in: {text}"
        assert (CHINESE.search(text) is not None) is chinese, f"{name} is not in the language asked for: {text}"
    return members


@contextmanager
def asked_node(folder: Path, *, per_minute: int = PER_MINUTE, fronts: int = 1, **settings: int) -> Iterator[Asker]:
    """Run a fresh node and give its asker; `settings` are the node's, by name."""
    found_node(folder, per_minute)
    environment = {f"SUYUAN_{name.upper()}": str(value) for name, value in settings.items()}
    with (
        running_node(folder, fronts=fronts, environment=environment) as node,
        httpx2.Client(base_url=node.url, timeout=60) as http,
    ):
        yield Asker(node, http)

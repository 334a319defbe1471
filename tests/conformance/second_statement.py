"""The second reader's statements and member keys: form, ids, signatures, and whether a key was live where it signed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from tests.conformance.second_bytes import (
    Broken,
    as_bytes,
    as_int,
    as_map,
    as_text,
    decode_json,
    encode_cbor,
    from_base64url,
    leaf_hash,
    require,
)
from tests.conformance.second_keys import (
    ALG,
    CLAIMS,
    CONTENT_TYPE,
    EDDSA,
    ES256,
    KID,
    TYP,
    Key,
    Sign1,
    check_object,
    key_of,
    read_sign1,
)

MAX_PAYLOAD, MAX_ENTRY = 60_000, 65_535
WINDOW_MS = 600_000


@dataclass(frozen=True)
class Statement:
    """A statement as read; its signature is checked by `Members.check`."""

    id: str
    digest: bytes
    message: Sign1
    kid: bytes
    iss: str
    sub: str
    aud: str
    iat: int
    kind: str
    payload: dict[str, object]


def read_statement(data: bytes) -> Statement:
    """Read a statement strictly."""
    require(len(data) <= MAX_ENTRY, "a statement over 65,535 bytes")
    message = read_sign1(data)
    header = message.header
    require(set(header) == {ALG, CONTENT_TYPE, KID, CLAIMS, TYP} and not message.unprotected, "labels of the header")
    require(header[ALG] in (EDDSA, ES256), "the algorithm")
    require(header[CONTENT_TYPE] == "application/suyuan+json", "the content type")
    require(header[TYP] == "application/suyuan-statement+cose", "the typ")
    claims = as_map(header[CLAIMS])
    require(set(claims) == {1, 2, 3, 6, 7}, "the claims")
    iss, sub, aud = as_text(claims[1]), as_text(claims[2]), as_text(claims[3])
    as_bytes(claims[7], 16)
    require(re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{18}", iss) is not None, "iss")
    require(re.fullmatch(r"[^\s+#]{1,255}#[0-9a-f]{64}", aud) is not None, "aud")
    body = as_bytes(message.payload)
    require(len(body) <= MAX_PAYLOAD, "a payload over 60,000 bytes")
    payload = decode_json(body)
    kind, version = as_text(payload.get("kind")), payload.get("v")
    require(re.fullmatch(r"[a-z]+\.[a-z]+", kind) is not None and type(version) is int and version == 1, "kind or v")
    own = rf"urn:suyuan:{kind.partition('.')[0]}:{re.escape(iss)}:[A-Za-z0-9._-]{{1,64}}"
    require(payload.get("sub") == sub and re.fullmatch(own, sub) is not None, "sub")
    digest = sha256(message.signed_bytes()).digest()
    kid = as_bytes(header[KID], 32)
    return Statement(leaf_hash(data).hex(), digest, message, kid, iss, sub, aud, as_int(claims[6]), kind, payload)


def time_ms(text: str) -> int:
    """Read `YYYY-MM-DDTHH:MM:SSZ` as ms since 1970."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()) * 1000


def due(start: int, deadline: Mapping[str, object], calendar: Mapping[str, object]) -> int:
    """Return when something opened at `start` is due, both in ms."""
    count, unit = as_int(deadline["n"]), as_text(deadline["unit"])
    if unit != "working_days":
        return start + count * {"minutes": 60_000, "hours": 3_600_000, "days": 86_400_000}[unit]
    holidays, workdays = calendar["holidays"], calendar["workdays"]
    assert isinstance(holidays, list)
    assert isinstance(workdays, list)
    day = date(1970, 1, 1) + timedelta(days=(start + 28_800_000) // 86_400_000)
    while count:
        day += timedelta(days=1)
        text = day.isoformat()
        count -= text not in holidays and (text in workdays or day.weekday() < 5)
    return ((day - date(1970, 1, 1)).days + 1) * 86_400_000 - 28_800_000


@dataclass
class Held:
    """A member's key with its history; times in ms."""

    key: Key
    member: str
    kinds: list[str] | None
    active_from: int
    retires_at: int | None = None
    heir: bytes | None = None
    ended: bool = False


class Members:
    """Members and their keys, from genesis and from the key statements of the log."""

    def __init__(self, genesis: Mapping[str, object], origin: str) -> None:
        self.origin = origin
        self.keys: dict[bytes, Held] = {}
        self.usccs: list[str] = []
        policy, nodes, members = genesis["policy"], genesis["nodes"], genesis["members"]
        assert isinstance(policy, dict)
        assert isinstance(members, list)
        assert isinstance(nodes, list)
        self._policy = policy
        for member in members:
            self.usccs.append(member["uscc"])
            for jwk in [*member["keys"], *([member["encryption"]] if "encryption" in member else [])]:
                key = key_of(jwk)
                self.keys[key.kid] = Held(key, member["uscc"], None, 0)
        self.services = {key.kid: key for key in (key_of(node["service_key"]) for node in nodes)}

    def check(self, statement: Statement, time: int) -> None:
        """Check that a live key of the issuer signed the statement, at block time `time` (ms)."""
        held = self.keys.get(statement.kid)
        if held is None:
            raise Broken("a statement under a key that nobody registered")
        require(held.member == statement.iss, "a statement under another member's key")
        retired = held.retires_at is not None and time >= held.retires_at
        require(not held.ended and held.active_from <= time and not retired, "a statement under a key that is not live")
        family = statement.kind.partition(".")[0]
        allowed = held.kinds is None or statement.kind in held.kinds or family in held.kinds
        require(allowed, "a key that may not sign this kind")
        require(abs(statement.iat * 1000 - time) <= WINDOW_MS, "a statement outside the time window")
        statement.message.check(held.key)

    def check_held(self, statement: Statement) -> None:
        """Check that n - f different nodes say that they hold the manifest of a record.batch."""
        payload = statement.payload
        manifest, root = bytes.fromhex(as_text(payload["manifest"])), bytes.fromhex(as_text(payload["root"]))
        said = encode_cbor(["suyuan/held", 1, self.origin, manifest, root, payload["count"]])
        texts = payload["held"]
        assert isinstance(texts, list)
        signed = set()
        for text in texts:
            data = from_base64url(text)
            kid = as_bytes(read_sign1(data).header[KID])
            check_object(data, "application/suyuan-held+cose", self.services[kid], said)
            signed.add(kid)
        nodes = len(self.services)
        require(len(signed) == len(texts) >= nodes - (nodes - 1) // 3, "too few nodes hold the batch")

    def apply(self, statement: Statement, time: int) -> None:
        """Take in an admitted key.add, key.rotate or key.revoke at block time `time` (ms)."""
        payload = statement.payload
        if statement.kind == "key.add":
            key = self._new_key(payload)
            kinds = payload.get("kinds")
            assert kinds is None or isinstance(kinds, list)
            if key.alg is not None:
                self._check_possession(statement, key, statement.kid)
            self.keys[key.kid] = Held(key, statement.iss, kinds, time)
        elif statement.kind == "key.rotate":
            old_kid = from_base64url(as_text(payload["old"]))
            old = self.keys[old_kid]
            if payload.get("cancel"):
                self._undo(old)
                return
            key = self._new_key(payload)
            self._check_possession(statement, key, old_kid)
            start = due(time, self._policy["key_change_delay"], self._policy["calendar"])
            self.keys[key.kid] = Held(key, statement.iss, old.kinds, start)
            old.retires_at, old.heir = start, key.kid
        elif statement.kind == "key.revoke":
            kid = from_base64url(as_text(payload["kid"]))
            if self.keys[kid].active_from > time:
                for old in [held for held in self.keys.values() if held.heir == kid]:
                    self._undo(old)
            self.keys[kid].ended = True

    def _new_key(self, payload: Mapping[str, object]) -> Key:
        jwk = payload["key"]
        assert isinstance(jwk, dict)
        key = key_of(jwk)
        require(key.kid not in self.keys and key.kid not in self.services, "a key that is registered twice")
        return key

    def _undo(self, old: Held) -> None:
        assert old.heir is not None
        self.keys[old.heir].ended = True
        old.retires_at = old.heir = None

    def _check_possession(self, statement: Statement, key: Key, old_kid: bytes) -> None:
        said = encode_cbor(["suyuan/pop", 1, self.origin, statement.iss, old_kid, key.kid])
        proof = from_base64url(as_text(statement.payload["pop"]))
        check_object(proof, "application/suyuan-pop+cose", key, said)

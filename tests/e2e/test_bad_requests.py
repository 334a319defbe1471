"""Wrong uploads, tokens, routes and slow or broken connections: each is answered, none leaves anything behind."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlsplit

import httpx2
import pytest

from ledger.encoding import base64url
from ledger.manifest import Manifest, build_manifest
from tests.e2e.asking import COSE, OCTETS, Asker, asked_node, check_problem
from tests.world import digest_of
from tests.world_genesis import signer_of, uscc_of

MAILBOX_BYTES, MANIFEST_BYTES = 100_000, 64_000
BODY_SECONDS = 1
MANIFEST = build_manifest((bytes([n]) * 32, bytes([n + 1]) * 32) for n in range(9))
PACKAGE = b"ciphertext of a package"
UNKNOWN = digest_of("nothing")


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    folder = tmp_path_factory.mktemp("requests") / "node"
    settings = {"mailbox_bytes": MAILBOX_BYTES, "manifest_bytes": MANIFEST_BYTES, "body_seconds": BODY_SECONDS}
    with asked_node(folder, **settings) as asker:
        left = asker.http.put(
            f"/v1/mailbox/{sha256(PACKAGE).hexdigest()}",
            params={"receiver": uscc_of("lender")},
            content=PACKAGE,
            headers=asker.bearer("source"),
        )
        assert left.status_code == 201
        yield asker


@dataclass(frozen=True)
class Sent:
    """One wrong request."""

    status: int
    code: str
    method: str
    path: str
    member: str | None = None
    query: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


def manifest(status: int, code: str, data: bytes, member: str = "source", **changed: str) -> Sent:
    """Return the upload of a manifest under the name, root and count of MANIFEST, or changed ones."""
    given = {"name": sha256(data).hexdigest(), "root": MANIFEST.root().hex(), "count": str(MANIFEST.count), **changed}
    name = given.pop("name")
    return Sent(status, code, "PUT", f"/v1/manifests/{name}", member, {k: v for k, v in given.items() if v}, data)


def package(status: int, code: str, data: bytes, name: str | None = None, receiver: str = "") -> Sent:
    """Return the upload of a package."""
    query = {"receiver": receiver or uscc_of("lender")}
    return Sent(status, code, "PUT", f"/v1/mailbox/{name or sha256(data).hexdigest()}", "source", query, data)


def read(status: int, code: str, path: str, member: str | None = None, /, **query: str) -> Sent:
    return Sent(status, code, "GET", path, member, query)


def unsorted() -> bytes:
    rows = MANIFEST.rows()
    return b"".join([rows[1], rows[0], *rows[2:]])


def wrong_digit(code: str) -> str:
    return code[:-1] + ("0" if code[-1] != "0" else "1")


OTHERS = f"/v1/mailbox/{sha256(PACKAGE).hexdigest()}"
CASES = {
    # Manifests
    "manifest-other-bytes": manifest(422, "proof.manifest", MANIFEST.data[::-1], name=MANIFEST.digest.hex()),
    "manifest-other-root": manifest(422, "proof.manifest", MANIFEST.data, root=UNKNOWN),
    "manifest-other-count": manifest(422, "proof.manifest", MANIFEST.data, count="8"),
    "manifest-unsorted": manifest(400, "form.manifest.order", unsorted()),
    "manifest-doubled-row": manifest(400, "form.manifest.order", MANIFEST.row(0) * 2),
    "manifest-broken-row": manifest(400, "form.manifest.length", MANIFEST.data[:-1]),
    "manifest-empty": manifest(400, "form.manifest.length", b""),
    "manifest-too-large": manifest(413, "body.too_large", bytes(MANIFEST_BYTES + 64)),
    "manifest-no-root": manifest(400, "query.parameter", MANIFEST.data, root=""),
    "manifest-no-count": manifest(400, "query.parameter", MANIFEST.data, count=""),
    "manifest-count-sign": manifest(400, "query.parameter", MANIFEST.data, count="-9"),
    "manifest-root-form": manifest(400, "form.digest", MANIFEST.data, root="00"),
    "manifest-name-form": manifest(400, "form.digest", MANIFEST.data, name="A" * 64),
    "manifest-by-no-source": manifest(403, "access.role", MANIFEST.data, "lender"),
    "manifest-missing": read(404, "not_found", f"/v1/manifests/{UNKNOWN}", "source"),
    # Packages
    "package-other-bytes": package(400, "mailbox.hash", b"changed on the way", name=sha256(PACKAGE).hexdigest()),
    "package-too-large": package(413, "body.too_large", bytes(MAILBOX_BYTES + 1)),
    "package-receiver-digit": package(400, "form.code.check_digit", b"x", receiver=wrong_digit(uscc_of("lender"))),
    "package-receiver-form": package(400, "form.code.length", b"x", receiver="lender"),
    "package-no-receiver": Sent(400, "query.parameter", "PUT", f"/v1/mailbox/{UNKNOWN}", "source", {}, b"x"),
    "package-name-of-another": Sent(
        403, "mailbox.not_yours", "PUT", OTHERS, "operator", {"receiver": uscc_of("lender")}, PACKAGE
    ),
    "package-of-somebody-else": read(403, "mailbox.not_yours", OTHERS, "operator"),
    "package-of-somebody-else-for-an-auditor": read(403, "mailbox.not_yours", OTHERS, "auditor"),
    "package-dropped-by-another": Sent(403, "access.role", "DELETE", OTHERS, "operator"),
    "package-missing": read(404, "not_found", f"/v1/mailbox/{UNKNOWN}", "lender"),
    # Routes
    "no-route": read(404, "not_found", "/v1/persons"),
    "no-root": read(404, "not_found", "/"),
    "slash-at-the-end": read(404, "not_found", "/v1/log/"),
    "method": Sent(405, "http.method", "PUT", "/v1/statements"),
    "method-of-two": Sent(405, "http.method", "POST", f"/v1/manifests/{UNKNOWN}"),
    "method-of-a-question": Sent(405, "http.method", "POST", "/v1/findings"),
    # Parameters
    "statement-unknown": read(404, "not_found", f"/v1/statements/{UNKNOWN}", "auditor"),
    "statement-malformed": read(404, "not_found", "/v1/statements/xyz", "auditor"),
    "receipt-unknown": read(404, "not_found", f"/v1/statements/{UNKNOWN}/receipt"),
    "proof-malformed": read(404, "not_found", "/v1/statements/xyz/proof"),
    "leaf-beyond": read(404, "not_found.published", "/v1/leaves/99999999999999999999/proof"),
    "tile-form": read(400, "tile.path", "/tile/0/1"),
    "tile-level": read(400, "tile.path", "/tile/64/000"),
    "tile-width": read(400, "tile.path", "/tile/0/000.p/256"),
    "tile-beyond": read(404, "not_found", "/tile/0/x999/999"),
    "bundle-beyond": read(404, "not_found", "/tile/entries/999", "auditor"),
    "as-of-zero": read(400, "query.invalid", "/v1/findings", "auditor", as_of="0"),
    "as-of-text": read(400, "query.invalid", "/v1/findings", "auditor", as_of="now"),
    "as-of-beyond": read(404, "not_found", "/v1/findings", "auditor", as_of="99999999999999999999"),
    "code-form": read(400, "query.invalid", "/v1/findings", "auditor", code="f-hop"),
    "open-form": read(400, "query.invalid", "/v1/findings", "auditor", open="maybe"),
    "party-form": read(400, "query.invalid", "/v1/duties", "auditor", party="x"),
    "reference-missing": read(400, "query.invalid", "/v1/trace/forward", "auditor"),
    "reference-form": read(400, "query.invalid", "/v1/trace/forward", "auditor", reference="1:1"),
    "reference-unknown": read(404, "lineage.not_logged", "/v1/trace/forward", "auditor", reference=UNKNOWN),
    "member-form": read(400, "query.invalid", "/v1/members/x"),
    "member-unknown": read(404, "not_found", f"/v1/members/{uscc_of('nobody')}"),
    "catalogue-unknown": read(404, "not_found", "/v1/catalogue", version="7"),
    "grant-unknown": read(404, "not_found", f"/v1/grants/{UNKNOWN}", "auditor"),
    "no-token": read(401, "access.token_missing", f"/v1/statements/{UNKNOWN}"),
}


@pytest.mark.parametrize("case", CASES)
def test_answered_and_nothing_is_logged(ask: Asker, case: str) -> None:
    sent, before = CASES[case], ask.size()
    for language in ("en", "zh"):
        headers = {**ask.bearer(sent.member), "accept-language": language, "content-type": OCTETS}
        answer = ask.http.request(sent.method, sent.path, params=sent.query, headers=headers, content=sent.body)
        check_problem(answer, sent.status, sent.code)
        if sent.status == 405:
            assert sent.method not in answer.headers["allow"].split(", ")
            assert len(answer.headers["allow"]) >= 3
    assert ask.size() == before


def test_the_methods_of_a_path_are_all_named(ask: Asker) -> None:
    assert ask.http.post(f"/v1/mailbox/{UNKNOWN}").headers["allow"] == "DELETE, GET, HEAD, PUT"


def test_what_was_refused_is_not_kept(ask: Asker) -> None:
    bad = unsorted()
    put = manifest(400, "form.manifest.order", bad)
    ask.http.request(put.method, put.path, params=put.query, headers=ask.bearer("source"), content=bad)
    assert ask.get(put.path, "source").status_code == 404
    kept = ask.get(OTHERS, "lender")
    assert (kept.status_code, kept.content) == (200, PACKAGE)


# Tokens


def damaged(token: str) -> str:
    return token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]


TOKENS: dict[str, tuple[str, Callable[[Asker], str]]] = {
    "garbage": ("form.base64url", lambda ask: "not a token!"),
    "no-cose": ("form.cbor.malformed", lambda ask: base64url(b"no token")),
    "a-statement": ("form.signed.header", lambda ask: base64url(ask.record())),
    "too-long": ("form.token.size", lambda ask: "A" * 3000),
    "expired": ("access.token.expired", lambda ask: ask.token("auditor", iat=_now() - 400, exp=_now() - 101)),
    "not-yet": ("access.token.not_yet", lambda ask: ask.token("auditor", iat=_now() + 100, exp=_now() + 200)),
    "another-node": ("access.token.audience", lambda ask: ask.token("auditor", node="n2")),
    "another-key": ("access.token.key", lambda ask: ask.token("auditor", key=signer_of("lender"))),
    "unknown-key": ("key.unknown", lambda ask: ask.token("auditor", key=signer_of("nobody"))),
    "damaged": ("signature.wrong", lambda ask: damaged(ask.token("auditor"))),
}


def _now() -> int:
    return int(time.time())


@pytest.mark.parametrize("case", TOKENS)
def test_a_wrong_token_opens_nothing(ask: Asker, case: str) -> None:
    cause, make = TOKENS[case]
    token = make(ask)
    for language in ("en", "zh"):
        headers = {"authorization": f"Bearer {token}", "accept-language": language}
        answer = ask.http.get(f"/v1/statements/{UNKNOWN}", headers=headers)
        members = check_problem(answer, 401, "access.token")
        assert members["params"] == {"cause": cause}
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Digest x"])
def test_no_token_is_told_apart_from_a_wrong_one(ask: Asker, header: str) -> None:
    answer = ask.http.get(f"/v1/statements/{UNKNOWN}", headers={"authorization": header})
    check_problem(answer, 401, "access.token_missing")


# Connections


def connect(ask: Asker) -> socket.socket:
    address = urlsplit(ask.node.url)
    assert address.hostname is not None
    assert address.port is not None
    return socket.create_connection((address.hostname, address.port), timeout=20)


def head_of(size: int, path: str = "/v1/statements", more: str = "") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: node\r\ncontent-type: {COSE}\r\ncontent-length: {size}\r\n{more}\r\n"
    ).encode()


def answer_of(connection: socket.socket) -> tuple[int, bytes]:
    """Return status and body of the answer; the node closes the connection."""
    data = b""
    while part := connection.recv(65_536):
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_an_upload_that_breaks_off_is_not_taken(ask: Asker) -> None:
    raw, before = ask.record(), ask.size()
    for end in (0, 1, len(raw) // 2, len(raw) - 1):
        with connect(ask) as connection:
            connection.sendall(head_of(len(raw)) + raw[:end])
    time.sleep(0.2)
    assert ask.size() == before
    assert ask.post(raw).status_code == 201


def test_an_upload_that_stalls_is_broken_off(ask: Asker) -> None:
    raw, before = ask.record(), ask.size()
    with connect(ask) as connection:
        connection.sendall(head_of(len(raw)) + raw[:10])
        began = time.monotonic()
        status, body = answer_of(connection)
    assert status == 408
    assert b"body.too_slow" in body
    assert BODY_SECONDS * 0.9 <= time.monotonic() - began < BODY_SECONDS + 5
    assert ask.size() == before


def test_an_upload_that_trickles_is_broken_off(ask: Asker) -> None:
    raw = ask.record()
    began = time.monotonic()
    with connect(ask) as connection:
        connection.sendall(head_of(len(raw)))
        # A byte at a time never lets the connection fall silent.
        for place in range(len(raw)):
            try:
                connection.sendall(raw[place : place + 1])
            except OSError:
                break
            if time.monotonic() - began > BODY_SECONDS * 1.5:
                break
            time.sleep(0.05)
        status, _ = answer_of(connection)
    assert status == 408


def test_a_slow_upload_that_goes_on_is_taken(ask: Asker) -> None:
    raw = ask.record()
    with connect(ask) as connection:
        connection.sendall(head_of(len(raw), more="connection: close\r\n"))
        for place in range(0, len(raw), 200):
            connection.sendall(raw[place : place + 200])
            time.sleep(0.05)
        status, body = answer_of(connection)
    assert status == 201, body


def test_slow_uploads_do_not_hold_others_up(ask: Asker) -> None:
    with ThreadPoolExecutor(8) as pool:
        stalled = [connect(ask) for _ in range(30)]
        for connection in stalled:
            connection.sendall(head_of(500))
        began = time.monotonic()
        answers = list(pool.map(lambda _: ask.post(ask.record()).status_code, range(8)))
        assert time.monotonic() - began < 10
        for connection in stalled:
            connection.close()
    assert answers == [201] * 8


def test_bytes_that_are_no_http_are_answered_or_closed(ask: Asker) -> None:
    for junk in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"POST /v1/statements HTTP/9.9\r\n\r\n", b"\x00" * 100):
        with connect(ask) as connection:
            connection.sendall(junk + b"\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            data = connection.recv(65_536)
        assert data == b"" or data.startswith(b"HTTP/1.1 4")
    assert httpx2.get(f"{ask.node.url}/livez").status_code == 200


def test_the_sound_manifest_is_held(ask: Asker) -> None:
    sent = manifest(201, "", MANIFEST.data)
    answer = ask.http.put(sent.path, params=sent.query, content=sent.body, headers=ask.bearer("source"))
    assert answer.status_code == 201
    assert Manifest(ask.get(sent.path, "auditor").content) == MANIFEST

"""Whatever is asked of a documented route, the node answers in order: never a server error, every error a problem."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.app import describe_only
from api.openapi import document
from ledger.statement import decode_statement
from tests.e2e.asking import COSE, OCTETS, SEQUENCE, Asker, asked_node, check_problem, permit
from tests.world import digest_of
from tests.world_genesis import uscc_of

EXAMPLES = 400
METHODS = ("get", "put", "post", "delete")


class Operation(NamedTuple):
    """One documented operation and the names of its parameters."""

    method: str
    path: str
    in_path: tuple[str, ...]
    in_query: tuple[str, ...]


def operations() -> list[Operation]:
    """Return every documented operation."""
    found = []
    for path, methods in document(describe_only())["paths"].items():
        for method, described in methods.items():
            names: dict[str, tuple[str, ...]] = {
                place: tuple(item["name"] for item in described.get("parameters", ()) if item["in"] == place)
                for place in ("path", "query")
            }
            found.append(Operation(method, path, names["path"], names["query"]))
    return found


OPERATIONS = operations()


class World(NamedTuple):
    """A running node, ids it knows, and sound statements to damage."""

    ask: Asker
    known: tuple[str, ...]
    statements: tuple[bytes, ...]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with asked_node(tmp_path_factory.mktemp("any") / "node") as ask:
        record = ask.admit("source_b", "record.submit", permit())
        refused = ask.forbidden()
        ask.post(refused)
        known = (record, decode_statement(refused).statement_id, uscc_of("source_b"), digest_of("unknown"))
        yield World(ask, known, (ask.record(), refused, ask.record()))


def values(known: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Return what may stand for a parameter: known ids, near misses, numbers of every size, any text."""
    near = st.sampled_from([f"{known[0]}:0", f"{known[0]}:99999999", known[0].upper(), known[0][:-1] + " ", "0" * 64])
    numbers = st.integers(-(2**70), 2**70).map(str)
    tiles = st.sampled_from(["000", "000.p/1", "x000/000", "000.p/0", "999", "00"])
    words = st.sampled_from(
        ["", "0", "1", "true", "F-HOP", "integrated", "nan", "null", "../../etc/passwd", "%00", "\x00"]
    )
    return st.sampled_from(known) | near | numbers | tiles | words | st.text(max_size=80)


@st.composite
def bodies(draw: st.DrawFn, statements: tuple[bytes, ...]) -> bytes:
    """Return any bytes, or sound statements with a few bytes replaced."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=300))
    data = b"".join(draw(st.lists(st.sampled_from(statements), min_size=1, max_size=3)))
    at = draw(st.integers(0, len(data)))
    return data[:at] + draw(st.binary(max_size=4)) + data[at + draw(st.integers(0, 4)) :]


def ask_for(world: World, data: st.DataObject) -> httpx2.Response:
    """Send one request that was drawn."""
    operation = data.draw(st.sampled_from(OPERATIONS))
    value = values(world.known)
    path = operation.path
    for name in operation.in_path:
        safe = "/." if name == "tile" else ""
        path = path.replace("{" + name + "}", quote(data.draw(value), safe=safe))
    names = st.sampled_from([*operation.in_query, "other"])
    query = data.draw(st.lists(st.tuples(names, value), max_size=4))
    method = data.draw(st.sampled_from([operation.method] * 9 + list(METHODS)))
    media = data.draw(st.sampled_from([COSE, SEQUENCE, OCTETS, "application/json", "x", "multipart/form-data"]))
    headers = {"content-type": media, "accept-language": data.draw(st.sampled_from(["en", "zh", "fr;q=x", "zh;q=0"]))}
    headers |= world.ask.bearer(data.draw(st.sampled_from([None, "auditor", "source", "source_b", "operator"])))
    content = data.draw(bodies(world.statements)) if method in ("put", "post") else None
    return world.ask.http.request(
        method.upper(), path, params=httpx2.QueryParams(tuple(query)), headers=headers, content=content
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_no_request_fails_the_node(world: World, data: st.DataObject) -> None:
    answer = ask_for(world, data)
    assert answer.status_code < 500, answer.text
    assert answer.status_code not in (301, 302, 307, 308)
    if answer.status_code >= 400:
        members = answer.json()
        check_problem(answer, answer.status_code, members["code"])
    else:
        assert answer.status_code in (200, 201, 204)


def test_the_node_is_well_after_all_that(world: World) -> None:
    assert world.ask.post(world.ask.record()).status_code == 201
    log = (world.ask.node.data / "logs" / "node.log").read_text()
    for sign in ("Traceback", '"defect"', "block.failed", "child.died"):
        assert sign not in log


def test_every_route_was_there_to_be_asked() -> None:
    assert len(OPERATIONS) >= 30
    assert {operation.method for operation in OPERATIONS} == set(METHODS)

"""What holds for every kind, driven by the registry: form, who may sign, and references to what is not logged.

A kind that is new appears here by itself, and fails until `every_kind` says what is expected of it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import msgspec
import pytest

from clients.cli.examples import EXAMPLES
from ledger.execution import Outcome
from ledger.kinds import KINDS
from ledger.kinds.fields import Payload as KindPayload
from ledger.rules.registry import HANDLERS, RULES
from tests.ledger.rules.every_kind import EVERY_KIND, Said
from tests.ledger.rules.judging import NOWHERE
from tests.ledger.rules.stage import Stage
from tests.world import Payload, World
from tests.world_genesis import MEMBERS

Path = tuple[str | int, ...]
PLACES = [(kind, place) for kind, said in EVERY_KIND.items() for place in range(len(said))]
FREE_TEXTS = {"document", "article", "code", "zh", "en"}
"""Fields that hold a text of any characters: of a legal basis, a quoted code, a name."""


def leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield every place in a payload with what stands there, the places inside of it included."""
    yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from leaves(child, (*path, name))


def with_change(payload: Payload, path: Path, value: object) -> Payload:
    """Return a copy of a payload with another value at one place."""
    changed: Payload = copy.deepcopy(payload)
    place: object = changed
    for name in path[:-1]:
        place = place[name]  # type: ignore[index]  # the path leads through dicts and lists
    place[path[-1]] = value  # type: ignore[index]  # as above
    return changed


def code_of(outcome: Outcome) -> str:
    return outcome.status if outcome.error is None else outcome.error.stable_code


def assert_malformed(world: World, kind: str, payload: Payload) -> None:
    outcome = world.submit("source", kind, payload)
    assert code_of(outcome) == "payload.schema", payload
    assert outcome.index is None, "no leaf"


@pytest.fixture(scope="module")
def world() -> World:
    """A ledger for what is malformed: it stays empty, but for its first block."""
    world = World.founding()
    world.run()
    return world


def test_the_table_has_every_kind_of_the_registry() -> None:
    assert set(EVERY_KIND) == set(KINDS) == set(HANDLERS) == set(EXAMPLES)
    assert all(EVERY_KIND.values())


@pytest.mark.parametrize("kind", KINDS)
def test_each_required_field_is_required(world: World, kind: str) -> None:
    fields = [one.encode_name for one in msgspec.structs.fields(KINDS[kind]) if one.required]
    for name in fields:
        if name not in ("v", "sub"):
            assert_malformed(world, kind, {key: value for key, value in EXAMPLES[kind].items() if key != name})


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_fields_are_malformed_at_every_depth(world: World, kind: str) -> None:
    for path, value in leaves(EXAMPLES[kind]):
        if isinstance(value, dict):
            assert_malformed(world, kind, with_change({**EXAMPLES[kind]}, (*path, "unknown"), 1))


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_another_type_are_malformed_everywhere(world: World, kind: str) -> None:
    for path, value in leaves(EXAMPLES[kind]):
        if path:
            wrongs: tuple[object, ...] = (True, 1, "", [], {})
            for wrong in wrongs:
                # An integer may stand where an integer does; that its value is wrong is no matter of type.
                if type(wrong) is not type(value):
                    assert_malformed(world, kind, with_change({**EXAMPLES[kind]}, path, wrong))


@pytest.mark.parametrize("kind", KINDS)
def test_a_trailing_newline_is_no_part_of_a_value(world: World, kind: str) -> None:
    for path, value in leaves(EXAMPLES[kind]):
        if isinstance(value, str) and path[-1] not in FREE_TEXTS:
            assert_malformed(world, kind, with_change({**EXAMPLES[kind]}, path, value + "\n"))


@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_who_may_sign_is_admitted(kind: str, place: int) -> None:
    said, stage = EVERY_KIND[kind][place], Stage()
    outcome = stage.world.submit(said.by, kind, said.make(stage))
    assert outcome.status == "admitted", outcome.error
    assert said.only is None or said.by in said.only


@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_nobody_else_is_admitted(kind: str, place: int) -> None:
    said, stage = EVERY_KIND[kind][place], Stage()
    payload = said.make(stage)
    before = dict(stage.world.state.rows.items())
    for name in MEMBERS:
        if said.only is None or name in said.only:
            continue
        outcome = stage.world.submit(name, kind, payload)
        assert code_of(outcome) in said.otherwise.split("|"), name
        recorded = code_of(outcome) in RULES and RULES[code_of(outcome)].recorded
        assert outcome.status == ("refused" if recorded else "rejected"), name
    assert stage.world.state.rows == before, "an attempt changes nothing"


@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_everybody_named_may_sign(kind: str, place: int) -> None:
    only = EVERY_KIND[kind][place].only
    for name in MEMBERS if only is None else only:
        said, stage = EVERY_KIND[kind][place], Stage()
        outcome = stage.world.submit(name, kind, said.make(stage))
        assert outcome.status == "admitted", f"{name}: {outcome.error}"


def dangling(world: World, payload: Payload) -> Iterator[tuple[Path, str]]:
    """Yield every place in a payload that names a logged statement, and the same with an id that is not logged."""
    logged = {one.statement.statement_id for block in world.blocks for one in block.logged}
    for path, value in leaves(payload):
        if isinstance(value, str) and value.partition(":")[0] in logged:
            yield path, NOWHERE + value[64:]


@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_every_id_must_be_logged(kind: str, place: int) -> None:
    said, stage = EVERY_KIND[kind][place], Stage()
    payload = said.make(stage)
    for path, unknown in dangling(stage.world, payload):
        outcome = stage.world.submit(said.by, kind, with_change(payload, path, unknown))
        assert code_of(outcome) == said.dangling.get(str(path[0]), "reference.unknown"), path
        assert outcome.index is None, "no leaf"


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_names_every_field_that_holds_an_id(kind: str) -> None:
    named: set[str] = set()
    for said in EVERY_KIND[kind]:
        stage = Stage()
        payload = said.make(stage)
        named |= {path_name(path) for path, _ in dangling(stage.world, payload)}
    assert set(id_fields(KINDS[kind])) <= named


def path_name(path: Path) -> str:
    """Return the field that a place belongs to: the last name that is none of an element."""
    return str([name for name in path if isinstance(name, str)][-1])


def id_fields(payload: type[KindPayload]) -> Iterator[str]:
    """Yield the fields of a payload type that hold ids of statements, records or rows."""
    kind = msgspec.inspect.type_info(payload)
    todo: list[tuple[str, msgspec.inspect.Type]] = [("", kind)]
    while todo:
        name, found = todo.pop()
        if isinstance(found, msgspec.inspect.StructType):
            todo += [(one.encode_name, one.type) for one in found.fields]
        elif isinstance(found, msgspec.inspect.UnionType):
            todo += [(name, each) for each in found.types]
        elif isinstance(found, msgspec.inspect.ListType):
            todo.append((name, found.item_type))
        elif isinstance(found, msgspec.inspect.TupleType):
            todo += [(name, each) for each in found.item_types]
        elif isinstance(found, msgspec.inspect.Metadata):
            schema = found.extra_json_schema or {}
            text = str(schema.get("description", ""))
            if "statement id" in text or "leaf hash of a statement" in text:
                yield name
            todo.append((name, found.type))


def test_who_signs_is_one_of_the_world() -> None:
    said: list[Said] = [one for each in EVERY_KIND.values() for one in each]
    assert all(one.by in MEMBERS and (one.only or set()) <= set(MEMBERS) for one in said)

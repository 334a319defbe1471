from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import cbor2
import msgspec
import pytest

from ledger.codes import fictional_uscc
from ledger.encoding import encode_json
from ledger.entries import EntryMalformed, encode_block_entry
from ledger.errors import SuyuanError
from ledger.genesis import (
    GenesisForm,
    check_genesis,
    genesis_changes,
    genesis_head,
    key_id_of,
    make_genesis_entry,
    read_genesis_entry,
)
from ledger.kinds.genesis import Calendar, FoundingMember, Genesis, Node
from ledger.notes.vkey import KeyType, Vkey
from ledger.state.digest import encode_changes
from ledger.state.tables import CATALOGUE, KEY, MEMBER
from tests.world_genesis import ORIGIN, founding_genesis, jwk_of, signer_of, uscc_of


def replaced(**changes: object) -> Genesis:
    return msgspec.structs.replace(founding_genesis(), **changes)


def with_member(change: Callable[[FoundingMember], FoundingMember]) -> Genesis:
    first, *rest = founding_genesis().members
    return replaced(members=[change(first), *rest])


def with_node(change: Callable[[Node], Node]) -> Genesis:
    first, *rest = founding_genesis().nodes
    return replaced(nodes=[change(first), *rest])


def test_an_entry_says_what_was_put_in() -> None:
    genesis = founding_genesis()
    entry = make_genesis_entry(genesis)
    assert read_genesis_entry(entry) == genesis
    name, version, origin, document = cbor2.loads(entry)
    assert (name, version, origin) == ("suyuan/genesis", 1, ORIGIN)
    assert document == encode_json(msgspec.to_builtins(genesis))


def test_the_head_after_genesis() -> None:
    entry = make_genesis_entry(founding_genesis())
    head = genesis_head(entry)
    leaf = sha256(b"\x00" + entry).digest()
    rows = [[t, [a, s], v] for (t, a, s), v in encode_changes(genesis_changes(founding_genesis()))]
    assert (head.height, head.size, head.time, head.app_hash) == (0, 1, 0, bytes(32))
    assert head.root() == leaf
    assert head.audience == f"{ORIGIN}#{leaf.hex()}"
    assert head.state_digest == sha256(bytes(32) + cbor2.dumps(rows)).digest()


def test_the_state_that_it_begins_with() -> None:
    genesis = founding_genesis()
    rows = genesis_changes(genesis)
    tables = [table for table, _, _ in rows]
    assert tables.count(MEMBER.name) == len(genesis.members)
    assert tables.count(KEY.name) == sum(len(one.keys) + 1 for one in genesis.members)
    assert rows[(CATALOGUE.name, "", "1")] == rows[(CATALOGUE.name, "", "")]
    kid = key_id_of(genesis.members[0].keys[0])
    assert msgspec.to_builtins(rows[(KEY.name, "", kid)])[0] == genesis.members[0].uscc


def test_entries_that_are_no_genesis() -> None:
    with pytest.raises(EntryMalformed):
        read_genesis_entry(encode_block_entry(ORIGIN, 1, 5, bytes(32), 1))
    document = msgspec.to_builtins(founding_genesis())
    for wrong in ({**document, "unknown": 1}, {**document, "origin": "ledger.example/other"}):
        with pytest.raises(GenesisForm):
            read_genesis_entry(cbor2.dumps(["suyuan/genesis", 1, ORIGIN, encode_json(wrong)]))


def test_GOV_1_the_founding_document_passes() -> None:  # noqa: N802
    check_genesis(founding_genesis())


def _twice(genesis: Genesis) -> list[FoundingMember]:
    return [*genesis.members, genesis.members[0]]


WRONG: dict[str, Callable[[], Genesis]] = {
    "a day that does not exist": lambda: replaced(created="2026-02-30T00:00:00Z"),
    "a member twice": lambda: replaced(members=_twice(founding_genesis())),
    "a code with a wrong check digit": lambda: with_member(
        lambda one: msgspec.structs.replace(one, uscc=one.uscc[:-1] + ("0" if one.uscc[-1] != "0" else "1"))
    ),
    "roles that are not sorted": lambda: with_member(lambda one: msgspec.structs.replace(one, roles=["source", "hub"])),
    "a key of somebody else": lambda: with_member(
        lambda one: msgspec.structs.replace(one, keys=[jwk_of(signer_of("hub").public.to_json())])
    ),
    "an unsafe key": lambda: with_member(
        lambda one: msgspec.structs.replace(one, keys=[jwk_of({"kty": "OKP", "crv": "Ed25519", "x": "AQ" + "A" * 41})])
    ),
    "a signing key that encrypts": lambda: with_member(
        lambda one: msgspec.structs.replace(one, encryption=one.keys[0])
    ),
    "an encryption key that signs": lambda: with_member(
        lambda one: msgspec.structs.replace(one, keys=[one.encryption])
    ),
    "a threshold above the regulators": lambda: replaced(
        policy=msgspec.structs.replace(founding_genesis().policy, governance_threshold=3)
    ),
    "a day both off and worked": lambda: replaced(
        policy=msgspec.structs.replace(
            founding_genesis().policy, calendar=Calendar(holidays=["2026-03-07"], workdays=["2026-03-07"])
        )
    ),
    "holidays that are not sorted": lambda: replaced(
        policy=msgspec.structs.replace(
            founding_genesis().policy, calendar=Calendar(holidays=["2026-03-07", "2026-03-06"], workdays=[])
        )
    ),
    "a holiday that does not exist": lambda: replaced(
        policy=msgspec.structs.replace(
            founding_genesis().policy, calendar=Calendar(holidays=["2026-02-29"], workdays=[])
        )
    ),
    "a node of no member": lambda: with_node(
        lambda one: msgspec.structs.replace(one, member=fictional_uscc(4_000_000))
    ),
    "two nodes of one member": lambda: with_node(lambda one: msgspec.structs.replace(one, member=uscc_of("source"))),
    "two nodes of one name": lambda: with_node(lambda one: msgspec.structs.replace(one, name="n2")),
    "a service key of a member": lambda: with_node(
        lambda one: msgspec.structs.replace(one, service_key=jwk_of(signer_of("lender").public.to_json()))
    ),
    "a log key of another name": lambda: with_node(
        lambda one: msgspec.structs.replace(
            one, log_key=str(Vkey("other", KeyType.ED25519, signer_of("fresh").public.raw))
        )
    ),
    "a log key of another type": lambda: with_node(
        lambda one: msgspec.structs.replace(
            one, log_key=str(Vkey(ORIGIN, KeyType.ED25519_COSIGNATURE, signer_of("fresh").public.raw))
        )
    ),
    "a vkey whose id is not its own": lambda: with_node(
        lambda one: msgspec.structs.replace(one, log_key=f"{ORIGIN}+00000000+{one.log_key.rpartition('+')[2]}")
    ),
    "one key for two purposes": lambda: with_node(
        lambda one: msgspec.structs.replace(
            one, cosigner_key=str(Vkey(f"{ORIGIN}/n1", KeyType.ED25519_COSIGNATURE, signer_of("log:n1").public.raw))
        )
    ),
}


@pytest.mark.parametrize("flaw", sorted(WRONG))
def test_GOV_1_everything_is_checked_as_if_admitted(flaw: str) -> None:  # noqa: N802
    with pytest.raises(SuyuanError) as caught:
        check_genesis(WRONG[flaw]())
    assert caught.value.stable_code == "GOV-1"
    assert caught.value.message("zh") != caught.value.message("en")


def test_GOV_1_the_catalogue_names_members_only() -> None:  # noqa: N802
    genesis = founding_genesis()
    stranger = fictional_uscc(4_000_000)
    first, *rest = genesis.catalogue.items
    for item in (
        msgspec.structs.replace(first, sources=[stranger]),
        msgspec.structs.replace(first, sources=[uscc_of("lender")]),
        msgspec.structs.replace(first, repair_authority=stranger),
    ):
        catalogue = msgspec.structs.replace(genesis.catalogue, items=[item, *rest])
        with pytest.raises(SuyuanError) as caught:
            check_genesis(replaced(catalogue=catalogue))
        assert caught.value.stable_code == "GOV-1"
    entry = msgspec.structs.replace(genesis.catalogue.lists[0], authority=stranger)
    with pytest.raises(SuyuanError) as caught:
        check_genesis(replaced(catalogue=msgspec.structs.replace(genesis.catalogue, lists=[entry])))
    assert caught.value.stable_code == "GOV-1"

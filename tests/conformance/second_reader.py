"""A second, independent reader of the log: what docs/spec says, in other hands.

It imports nothing of the ledger. From the entries alone it recomputes leaf hashes and root, follows the chain of
blocks, checks every signature against the keys that the log itself registers, and counts.

`python -m tests.conformance.second_reader DIR [POLICY]` reads an exported log: `DIR/checkpoint` and `DIR/tile/…`. The
policy is the file named, else `DIR/policy.txt` when it is there, else the log keys of the genesis document without a
quorum. It prints one JSON object:

- `members`: members of the genesis document;
- `statements`: statement leaves, admitted and refused; `admitted`, `refused`, and `kinds` of the admitted ones;
- `records`: admitted record.submit statements, and the rows of admitted record.batch statements; a correction is a
  new version of a record and is not counted;
- `transfers`: hand-overs by the last step that was admitted;
- `refusals`: the rules broken, sorted; `refused_statements`: id, kind, member and rule in the order of the log;
- `checkpoint`: size and root, and whether the policy's quorum cosigned it;
- `app_hashes`: how many were recomputed in full, and how many only compared with the block entry that follows. The
  state digest needs the rules; this reader knows the rows of genesis, records and batches, so the full check ends at
  the first block that has another statement, unless the caller supplies state digests.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cbor2

from tests.conformance import second_state
from tests.conformance.second_bytes import (
    Broken,
    as_bytes,
    as_int,
    as_list,
    as_text,
    bundle_paths,
    decode_cbor,
    decode_json,
    leaf_hash,
    read_bundle,
    require,
    tiles,
    tree_root,
)
from tests.conformance.second_notes import Policy, check_checkpoint, read_note, read_policy, read_vkey
from tests.conformance.second_statement import Members, Statement, read_statement

HEARTBEAT_MS = 600_000
TAG_18 = b"\xd2"
STEP_OF = {
    "transfer.offer": "offered",
    "transfer.accept": "accepted",
    "transfer.release": "released",
    "transfer.confirm": "confirmed",
    "transfer.dispute": "disputed",
    "transfer.refuse": "refused",
    "transfer.cancel": "cancelled",
}


@dataclass
class Block:
    """A block as read: height, time and the time before it in ms, index of its entry, and its rows while known."""

    entry: bytes
    height: int
    time: int
    index: int
    before: int
    rows: second_state.Rows | None = field(default_factory=dict)


class Reading:
    """A log under reading. Feed it entries in order from leaf 0, then `finish`."""

    def __init__(self, state_digests: Sequence[bytes] = ()) -> None:
        self.leaves: list[bytes] = []
        self.statements: list[tuple[int, Statement, str | None]] = []
        self.app_hashes: list[bytes | None] = []
        """Recomputed app hash after each block; None where the state digest is not known."""
        self.roots: list[bytes] = []
        """Root after each block."""
        self.genesis: dict[str, object] = {}
        self.origin = ""
        self._supplied = list(state_digests)
        self._digest: bytes | None = None
        self._block: Block | None = None
        self._members: Members | None = None
        self._seen: set[bytes] = set()
        self._subs: set[str] = set()
        self._transfers: dict[str, str] = {}

    def feed(self, entry: bytes) -> None:
        """Take the next entry; raises `Broken`, naming the leaf."""
        try:
            if entry[:1] == TAG_18:
                self._statement(entry, None)
            else:
                self._other(entry, as_list(decode_cbor(entry)))
        except (Broken, KeyError, TypeError, ValueError, AssertionError) as error:
            raise Broken(f"leaf {len(self.leaves)}: {error!r}") from error
        self.leaves.append(leaf_hash(entry))

    def _other(self, entry: bytes, members: list[object]) -> None:
        shape = (*members[:2], len(members))
        if shape == ("suyuan/genesis", 1, 4):
            self._found(members)
        elif shape == ("suyuan/block", 1, 7):
            self._open(entry, members)
        elif shape == ("suyuan/refusal", 1, 4):
            self._statement(as_bytes(members[3]), as_text(members[2]))
        else:
            raise Broken("an entry of no known kind")

    def _found(self, members: list[object]) -> None:
        require(not self.leaves and len(members) == 4, "a genesis entry that is not leaf 0")
        self.origin, self.genesis = as_text(members[2]), decode_json(as_bytes(members[3]))
        require(self.genesis["origin"] == self.origin, "two origins")
        self._members = Members(self.genesis, self.origin)
        self._digest = second_state.next_digest(second_state.ZERO, second_state.genesis_rows(self.genesis))

    def _open(self, entry: bytes, members: list[object]) -> None:
        origin, height, time, previous, index = members[2:]
        last = self._block
        self._close()
        require(self._members is not None and origin == self.origin, "a block of another log")
        require(as_int(index) == len(self.leaves), "a block entry that stands elsewhere")
        require(as_int(height) == (last.height if last else 0) + 1, "heights do not count up")
        require(as_int(time) > (last.time if last else 0), "time does not grow")
        before = self.app_hashes[-1] if self.app_hashes else second_state.ZERO
        require(before in (None, as_bytes(previous, 32)), "another app hash before this block")
        self._block = Block(entry, as_int(height), as_int(time), as_int(index), last.time if last else 0)

    def _close(self) -> None:
        block = self._block
        if block is None:
            return
        if block.index == len(self.leaves) - 1:
            due = block.height == 1 or block.time - block.before >= HEARTBEAT_MS
            require(due, "an empty block before its time")
        known = None if self._digest is None or block.rows is None else block.rows
        digest = None if known is None else second_state.next_digest(self._digest or b"", known)
        if block.height <= len(self._supplied):
            supplied = self._supplied[block.height - 1]
            require(digest in (None, supplied), "another state digest")
            digest = supplied
        root, self._digest = tree_root(self.leaves), digest
        found = None if digest is None else second_state.app_hash(block.entry, len(self.leaves), root, digest)
        self.app_hashes.append(found)
        self.roots.append(root)

    def _statement(self, data: bytes, rule: str | None) -> None:
        block, members = self._block, self._members
        assert block is not None, "a statement before the first block"
        assert members is not None
        statement, index = read_statement(data), len(self.leaves)
        require(statement.aud == f"{self.origin}#{self.leaves[0].hex()}", "a statement for another log")
        require(statement.digest not in self._seen, "a statement that is logged twice")
        require(statement.sub not in self._subs, "an id that is used twice")
        members.check(statement, block.time)
        self._seen.add(statement.digest)
        self._subs.add(statement.sub)
        self.statements.append((index, statement, rule))
        if rule is not None:
            return
        rows = second_state.record_rows(statement.id, statement.iss, statement.payload, index, block.time)
        if rows is None or block.rows is None or "performance" in statement.payload:
            block.rows = None
        else:
            block.rows.update(rows)
        if statement.kind == "record.batch":
            members.check_held(statement)
        members.apply(statement, block.time)
        if statement.kind in STEP_OF:
            offer = statement.id if statement.kind == "transfer.offer" else as_text(statement.payload["offer"])
            self._transfers[offer] = STEP_OF[statement.kind]

    def finish(self) -> bytes:
        """Close the last block; return the root."""
        self._close()
        self._block = None
        return tree_root(self.leaves)

    def is_kept(self, kid: bytes) -> bool:
        """Whether a key is registered and neither revoked nor cancelled at the end of what was read."""
        assert self._members is not None
        held = self._members.keys.get(kid)
        return held is not None and not held.ended

    def counts(self) -> dict[str, object]:
        """Return what was counted; the module's docstring says what each number means."""
        admitted = [statement for _, statement, rule in self.statements if rule is None]
        refused = [(statement, rule) for _, statement, rule in self.statements if rule is not None]
        steps = Counter(self._transfers.values())
        rows = [as_int(one.payload["count"]) for one in admitted if one.kind == "record.batch"]
        whole = sum(found is not None for found in self.app_hashes)
        assert self._members is not None
        return {
            "members": len(self._members.usccs),
            "statements": len(self.statements),
            "admitted": len(admitted),
            "refused": len(refused),
            "kinds": dict(sorted(Counter(one.kind for one in admitted).items())),
            "records": sum(one.kind == "record.submit" for one in admitted) + sum(rows),
            "transfers": {"confirmed": steps["confirmed"], **dict(sorted(steps.items()))},
            "refusals": sorted(str(rule) for _, rule in refused),
            "refused_statements": [
                {"id": one.id, "kind": one.kind, "member": one.iss, "rule": rule} for one, rule in refused
            ],
            "blocks": len(self.app_hashes),
            "app_hashes": {"recomputed": whole, "chained": len(self.app_hashes) - whole},
        }


def read_entries(entries: Sequence[bytes], state_digests: Sequence[bytes] = ()) -> Reading:
    """Read a log given as its entries."""
    reading = Reading(state_digests)
    for entry in entries:
        reading.feed(entry)
    reading.finish()
    return reading


def read_folder(folder: Path, policy_file: Path | None = None) -> Mapping[str, object]:
    """Read an exported log whose checkpoint a log key signed: one of the policy, or else of the genesis document."""
    policy_file = policy_file or folder / "policy.txt"
    text = (folder / "checkpoint").read_text(encoding="utf-8")
    _, size, root = read_note(text).head
    entries: list[bytes] = []
    for path, width in bundle_paths(size):
        entries += read_bundle((folder / path).read_bytes(), width)
    reading = read_entries(entries)
    require(tree_root(reading.leaves) == root, "the entries have another root than the checkpoint")
    nodes = reading.genesis["nodes"]
    assert isinstance(nodes, list)
    policy = Policy(tuple(read_vkey(node["log_key"]) for node in nodes), {}, (), "none")
    if policy_file.is_file():
        policy = read_policy(policy_file.read_text(encoding="utf-8"))
    require(check_checkpoint(text, replace(policy, quorum="none"))[0] == reading.origin, "a checkpoint of another log")
    try:
        quorum = check_checkpoint(text, policy) is not None and policy.quorum != "none"
    except Broken:
        quorum = False
    for path, data in tiles(reading.leaves):
        require((folder / path).read_bytes() == data, f"{path} has other hashes")
    return {**reading.counts(), "checkpoint": {"size": size, "root": root.hex(), "quorum": quorum}}


def main() -> None:
    """Read the folder that the command line names and print the counts."""
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m tests.conformance.second_reader DIR [POLICY]")
    try:
        sys.stdout.write(json.dumps(read_folder(*map(Path, sys.argv[1:])), ensure_ascii=False) + "\n")
    except (Broken, OSError, cbor2.CBORError) as error:
        sys.exit(f"the log does not fit the specification: {error}")


if __name__ == "__main__":
    main()

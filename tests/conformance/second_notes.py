"""The second reader's notes: checkpoints, cosignatures, policies, proof files and receipts.

ML-DSA-44 cosignatures (type 06) are passed over: nothing that this reader uses can check them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from tests.conformance.second_bytes import (
    Broken,
    as_bytes,
    as_int,
    as_list,
    as_map,
    as_text,
    check_inclusion,
    decimal,
    decode_cbor,
    from_base64,
    require,
)
from tests.conformance.second_keys import ALG, CLAIMS, KID, Key, Sign1, check_ed25519, read_sign1

LOG_TYPE, COSIGNER_TYPE, PQ_COSIGNER_TYPE = 0x01, 0x04, 0x06
RECEIPTS, VDS, PROOFS = 394, 395, 396


@dataclass(frozen=True)
class Vkey:
    """A named verifier key of one type."""

    name: str
    key_id: bytes
    type: int
    public: bytes


def read_vkey(text: str) -> Vkey:
    """Read `name+hex(key id)+base64(type and public key)` and recompute the key id."""
    name, key_id, material = text.split("+", 2)
    data = from_base64(material)
    require(sha256(name.encode() + b"\n" + data).digest()[:4].hex() == key_id, "the key id is another key's")
    return Vkey(name, bytes.fromhex(key_id), data[0], data[1:])


@dataclass(frozen=True)
class Note:
    """A signed note: text, and (name, key id, signature bytes) for each line."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @property
    def head(self) -> tuple[str, int, bytes]:
        """Origin, size and root of the checkpoint that the text is."""
        lines = self.text.split("\n")
        require(len(lines) == 4 and not lines[3], "a checkpoint has three lines")
        return lines[0], decimal(lines[1]), from_base64(lines[2], 32)


def read_note(text: str) -> Note:
    """Split a note at its last blank line."""
    at = text.rfind("\n\n")
    require(0 <= at < len(text) - 2 and text.endswith("\n"), "no signed note")
    require(all(char >= " " or char == "\n" for char in text), "a control character")
    signatures = []
    for line in text[at + 2 : -1].split("\n"):
        found = re.fullmatch("\u2014 ([^\\s+]+) ([A-Za-z0-9+/=]+)", line)
        if found is None:
            raise Broken("malformed signature line")
        blob = from_base64(found[2])
        require(len(blob) > 4, "a signature line without a signature")
        signatures.append((found[1], blob[:4], blob[4:]))
    return Note(text[: at + 1], tuple(signatures))


def check_signatures(note: Note, vkeys: Collection[Vkey]) -> set[Vkey]:
    """Return the keys among `vkeys` that signed; a wrong signature by a known key is an error."""
    known = {(key.name, key.key_id): key for key in vkeys}
    signed = set()
    for name, key_id, blob in note.signatures:
        key = known.get((name, key_id))
        if key is None or key.type == PQ_COSIGNER_TYPE:
            continue
        message, signature = note.text.encode(), blob
        if key.type == COSIGNER_TYPE:
            time, signature = int.from_bytes(blob[:8], "big"), blob[8:]
            message = b"cosignature/v1\ntime %d\n" % time + message
        require(len(signature) == 64, "a note signature of another length")
        check_ed25519(key.public, message, signature)
        signed.add(key)
    return signed


@dataclass(frozen=True)
class Policy:
    """A C2SP tlog-policy: log keys, witnesses by name, groups in order, quorum."""

    logs: tuple[Vkey, ...]
    witnesses: Mapping[str, Vkey]
    groups: tuple[tuple[str, int, tuple[str, ...]], ...]
    quorum: str


def read_policy(text: str) -> Policy:
    """Read a policy file."""
    logs: list[Vkey] = []
    witnesses: dict[str, Vkey] = {}
    groups: list[tuple[str, int, tuple[str, ...]]] = []
    quorum: list[str] = []
    for line in text.split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log":
            logs.append(read_vkey(words[1]))
        elif words[0] == "witness":
            witnesses[words[1]] = read_vkey(words[2])
        elif words[0] == "group":
            members = tuple(words[3:])
            threshold = {"all": len(members), "any": 1}.get(words[2]) or decimal(words[2])
            groups.append((words[1], threshold, members))
        elif words[0] == "quorum":
            quorum.append(words[1])
        else:
            raise Broken("an unknown line in the policy")
    require(len(quorum) == 1, "a policy has one quorum")
    return Policy(tuple(logs), witnesses, tuple(groups), quorum[0])


def check_checkpoint(text: str, policy: Policy) -> tuple[str, int, bytes]:
    """Return origin, size and root of a checkpoint that a log key signed and the quorum cosigned."""
    note = read_note(text)
    signed = check_signatures(note, [*policy.logs, *policy.witnesses.values()])
    origin = note.head[0]
    require(any(key.type == LOG_TYPE and key.name == origin for key in signed & set(policy.logs)), "no log key signed")
    reached = {name for name, key in policy.witnesses.items() if key in signed}
    for name, threshold, members in policy.groups:
        if sum(member in reached for member in members) >= threshold:
            reached.add(name)
    require(policy.quorum == "none" or policy.quorum in reached, "the quorum is missing")
    return note.head


def check_proof_file(text: str, leaf: bytes, policy: Policy) -> tuple[int, int, bytes]:
    """Check a tlog-proof of `leaf`; return index, size and root."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    require(lines.pop(0) == "c2sp.org/tlog-proof@v1", "no proof file")
    if lines[0].startswith("extra "):
        lines.pop(0)
    require(lines[0].startswith("index "), "the index is missing")
    index = decimal(lines[0].removeprefix("index "))
    _, size, root = check_checkpoint(note, policy)
    check_inclusion(leaf, index, size, [from_base64(line, 32) for line in lines[1:]], root)
    return index, size, root


def check_receipt(data: bytes, entry_leaf: bytes, sub: str, size: int, index: int, root: bytes, key: Key) -> str:
    """Check an RFC 9942 inclusion receipt against size, index and root of a proof file; return its origin."""
    found = read_receipt(data)
    header, claims = found[0].header, as_map(found[0].header[CLAIMS])
    require(set(header) == {ALG, KID, CLAIMS, VDS} and header[VDS] == 1, "a receipt with another header")
    require(set(claims) == {1, 2} and claims[2] == sub, "a receipt for another statement")
    require((found[1], found[2]) == (size, index), "a receipt for another place")
    check_inclusion(entry_leaf, index, size, found[3], root)
    found[0].check(key, root)
    return as_text(claims[1])


def read_receipt(data: bytes) -> tuple[Sign1, int, int, list[bytes]]:
    """Read a receipt: the message, size, index and path."""
    message = read_sign1(data)
    require(message.payload is None and set(message.unprotected) == {PROOFS}, "a receipt has a detached payload")
    proofs = as_map(message.unprotected[PROOFS])
    require(set(proofs) == {-1}, "a receipt has one inclusion proof")
    (proof,) = as_list(proofs[-1], 1)
    size, index, path = as_list(decode_cbor(as_bytes(proof)), 3)
    return message, as_int(size), as_int(index), [as_bytes(step, 32) for step in as_list(path)]

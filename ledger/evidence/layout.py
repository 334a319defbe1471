"""What lies where in a bundle: file names, the manifest, and the parts that a bundle is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from ledger.encoding import JsonObject, encode_cbor, encode_json
from ledger.errors import FormError, Text
from ledger.evidence.checks import Verdict
from ledger.kinds.fields import Digest, StatementId, Time

BUNDLE_EXTENSION: Final = ".suyuan"
BUNDLE_VERSION: Final = 1
MANIFEST, MANIFEST_SIGNATURE, POLICY = "manifest.json", "manifest.cose", "policy.txt"
GENESIS, GENESIS_PROOF = "keys/genesis.cbor", "keys/genesis.tlog-proof"
REPORT_HTML, REPORT_PDF = "report.html", "report.pdf"

_PLACES: Final = {
    "statement": re.compile(r"statements/([0-9a-f]{64})\.cose"),
    "proof": re.compile(r"proofs/([0-9a-f]{64})\.tlog-proof"),
    "receipt": re.compile(r"receipts/([0-9a-f]{64})\.cose"),
    "block": re.compile(r"blocks/(0|[1-9][0-9]{0,18})\.cbor"),
    "block-proof": re.compile(r"blocks/(0|[1-9][0-9]{0,18})\.tlog-proof"),
    "consistency": re.compile(r"proofs/([1-9][0-9]{0,18}-[1-9][0-9]{0,18})\.add-checkpoint"),
    "disclosure": re.compile(r"disclosures/([0-9]{1,6})\.json"),
}
_SINGLE: Final = frozenset((POLICY, GENESIS, GENESIS_PROOF, REPORT_HTML, REPORT_PDF))


class ManifestMalformed(FormError):
    """A bundle manifest that is not of its one form."""

    code = "bundle.manifest"
    what = Text("The bundle's manifest is malformed: {detail}.", "证据包清单格式有误：{detail}。")


class Proves(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bundle is about: one statement or a whole trace, of which reference, on which statements it rests."""

    kind: Literal["statement", "trace"]
    reference: Annotated[str, Meta(min_length=1, max_length=120)]
    statements: Annotated[list[StatementId], Meta(min_length=1)]


class BundleManifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """manifest.json: `refused` maps ids of refused statements to the rule, `files` every other file to its SHA-256.

    `verdict` is the maker's own at `made_at`; a verifier takes nothing from it.
    """

    version: Literal[1]
    proves: Proves
    refused: dict[StatementId, Annotated[str, Meta(pattern=r"^[A-Z]{3}-[0-9]{1,3}(?![\s\S])")]]
    files: dict[str, Digest]
    verdict: Verdict
    made_at: Time

    def encode(self) -> bytes:
        """Return the one JSON text of the manifest: sorted keys, no blanks."""
        return msgspec.json.encode(self, order="sorted")

    @classmethod
    def decode(cls, data: bytes) -> BundleManifest:
        """Read a manifest strictly; raises `ManifestMalformed`."""
        try:
            found = msgspec.json.decode(data, type=cls, strict=True)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ManifestMalformed(detail=str(error)) from error
        if found.encode() != data:
            raise ManifestMalformed(detail="not in its canonical form")
        return found


def manifest_payload(manifest: bytes) -> bytes:
    """Return what manifest.cose signs: CBOR ["suyuan/bundle", 1, SHA-256 of manifest.json]."""
    return encode_cbor(["suyuan/bundle", BUNDLE_VERSION, sha256(manifest).digest()])


@dataclass(frozen=True, slots=True)
class BundleParts:
    """Everything a bundle holds besides its manifest.

    `statements`, `proofs` and `receipts` are keyed by statement id, `blocks` (entry, proof) by log index, `consistency`
    (add-checkpoint texts) by the two sizes; `refused` names the rule of each refused statement. `genesis` is leaf 0 and
    its proof. `disclosures` are made by `disclosure_file`, `renderings` are report.html and report.pdf.
    """

    proves: Proves
    policy: str
    statements: Mapping[str, bytes]
    proofs: Mapping[str, str]
    genesis: tuple[bytes, str] | None
    blocks: Mapping[int, tuple[bytes, str]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    receipts: Mapping[str, bytes] = field(default_factory=dict)
    consistency: Mapping[tuple[int, int], str] = field(default_factory=dict)
    disclosures: Sequence[JsonObject] = ()
    renderings: Mapping[str, bytes] = field(default_factory=dict)

    def files(self) -> dict[str, bytes]:
        """Return the files by name, without the manifest and its signature."""
        files = {POLICY: self.policy.encode()}
        files |= {f"statements/{id_}.cose": raw for id_, raw in self.statements.items()}
        files |= {f"proofs/{id_}.tlog-proof": proof.encode() for id_, proof in self.proofs.items()}
        files |= {f"receipts/{id_}.cose": raw for id_, raw in self.receipts.items()}
        for index, (entry, proof) in self.blocks.items():
            files[f"blocks/{index}.cbor"] = entry
            files[f"blocks/{index}.tlog-proof"] = proof.encode()
        for (size1, size2), text in self.consistency.items():
            files[f"proofs/{size1}-{size2}.add-checkpoint"] = text.encode()
        for number, disclosure in enumerate(self.disclosures):
            files[f"disclosures/{number}.json"] = encode_json(disclosure)
        if self.genesis is not None:
            files[GENESIS], files[GENESIS_PROOF] = self.genesis[0], self.genesis[1].encode()
        return files | dict(self.renderings)


class Contents:
    """The files of a bundle by what they are; a name of no known form is kept apart in `strange`."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)
        self._by_place: dict[str, dict[str, bytes]] = {place: {} for place in _PLACES}
        self.strange: list[str] = []
        for name, data in self._files.items():
            self._place(name, data)

    def _place(self, name: str, data: bytes) -> None:
        for place, pattern in _PLACES.items():
            found = pattern.fullmatch(name)
            if found is not None:
                self._by_place[place][found[1]] = data
                return
        if name not in _SINGLE:
            self.strange.append(name)

    def file(self, name: str) -> bytes | None:
        """Return a file by its name, None when it is missing."""
        return self._files.get(name)

    def all(self, place: str) -> Mapping[str, bytes]:
        """Return the files of one kind of place by id, index or number."""
        return self._by_place[place]

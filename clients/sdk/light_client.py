"""A light client: it keeps the last head it verified and follows the log from there, so that no node can rewrite it.

Trust is the policy file and the kept head. Tiles are taken from anybody: a proof that is built from them counts only
when it fits both signed roots.
"""

from __future__ import annotations

from clients.sdk import requests
from clients.sdk.heads import HeadStore
from clients.sdk.sync_client import Client
from ledger.errors import ForkError, InconclusiveError, ProofError, Text
from ledger.merkle import verify_consistency
from ledger.merkle.prove import consistency_proof, root_at
from ledger.notes.policy import Policy, VerifiedCheckpoint
from ledger.tiles import TileReader, TileSource


class HeadsExclude(ForkError):
    """Two heads that the log signed and that cannot both be true; `known` and `seen` are the signed notes."""

    code = "log.heads_exclude"

    def __init__(self, known: str, seen: str, detail: str, evidence: str) -> None:
        self.known = known
        self.seen = seen
        super().__init__(detail=detail, evidence=evidence)


class TilesDiffer(InconclusiveError):
    """The tiles belong to neither head, so nothing can be said about the heads."""

    code = "proof.tiles_differ"
    what = Text(
        "The tiles do not have the root of the signed head at size {size}.", "瓦片与大小为 {size} 的已签名树头不符。"
    )
    next_step = Text("Read the tiles from another node and try again.", "请从其他节点读取瓦片后重试。")


class ClientTiles:
    """A `TileReader` that asks a node; raises as `Client.run`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Fetch the first `width` hashes of a tile."""
        return self._client.run(requests.tile(level, index, width))


class LightClient:
    """Follows one log under `policy`, keeping its head in `store` and reading tiles through `tiles`."""

    def __init__(self, policy: Policy, store: HeadStore, tiles: TileReader) -> None:
        self._policy = policy
        self._store = store
        self._tiles = tiles

    def head(self) -> VerifiedCheckpoint | None:
        """Return the kept head, verified again; None at the very beginning. Raises as `Policy.verify_checkpoint`."""
        kept = self._store.load()
        return None if kept is None else self._policy.verify_checkpoint(kept)

    def advance(self, signed_checkpoint: str) -> VerifiedCheckpoint:
        """Take a newer signed checkpoint after checking signatures, quorum and consistency with the kept head.

        Raises as `Policy.verify_checkpoint`; `HeadsExclude` for another root at one size, a size that went back, or
        trees that do not extend each other (both heads are kept as evidence, the kept head stays); `TilesDiffer`
        when the tiles show nothing either way.
        """
        new = self._policy.verify_checkpoint(signed_checkpoint)
        kept = self._store.load()
        if kept is not None:
            self._check_follows(kept, signed_checkpoint, new)
        self._store.save(signed_checkpoint)
        return new

    def _check_follows(self, kept: str, seen: str, new: VerifiedCheckpoint) -> None:
        before, after = self._policy.verify_checkpoint(kept).checkpoint, new.checkpoint
        if before.origin != after.origin:
            raise ProofError(detail=f"the kept head is of {before.origin}, the new one of {after.origin}")
        if after.size < before.size:
            raise self._fork(kept, seen, f"the log went back from size {before.size} to {after.size}")
        if after.size == before.size:
            if after.root != before.root:
                raise self._fork(kept, seen, f"two roots at size {after.size}")
            return
        if before.size == 0:
            return
        source = TileSource(after.size, self._tiles)
        path = consistency_proof(before.size, after.size, source)
        try:
            verify_consistency(before.size, before.root, after.size, after.root, path)
        except ProofError:
            # Wrong tiles prove nothing. Tiles that do have the new root show what the log now claims of its past.
            if root_at(after.size, source) != after.root:
                raise TilesDiffer(size=after.size) from None
            raise self._fork(
                kept, seen, f"the tree at size {after.size} does not extend the one at size {before.size}"
            ) from None

    def _fork(self, known: str, seen: str, detail: str) -> HeadsExclude:
        return HeadsExclude(known, seen, detail, self._store.keep_evidence(known, seen))


def follow(client: Client, policy: Policy, store: HeadStore) -> VerifiedCheckpoint:
    """Fetch the node's newest checkpoint and advance the kept head to it; raises as `LightClient.advance`."""
    return LightClient(policy, store, ClientTiles(client)).advance(client.run(requests.checkpoint()))

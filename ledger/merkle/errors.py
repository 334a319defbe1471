"""What a proof can fail on; each is a `ProofError` except a source of hashes that does not deliver."""

from __future__ import annotations

from ledger.errors import InconclusiveError, ProofError, Text


class IndexOutOfRangeError(ProofError):
    """The leaf index is negative or not below the tree size."""

    code = "proof.index"
    what = Text(
        "Leaf index {index} is not inside a tree of {size} leaves.", "叶索引 {index} 不在含 {size} 个叶子的树内。"
    )
    why = Text("An index must be at least 0 and below the size.", "索引须不小于 0 且小于树的大小。")


class TreeSizeError(ProofError):
    """A tree size is negative, or larger than any tree may be."""

    code = "proof.size"
    what = Text("{size} is not a possible tree size.", "{size} 不是可能的树大小。")
    why = Text("Sizes lie between 0 and 2^63 - 1.", "树的大小介于 0 与 2^63 - 1 之间。")


class SizeOrderError(ProofError):
    """The older tree of a consistency proof is larger than the newer one."""

    code = "proof.size-order"
    what = Text(
        "The older size {size1} is above the newer size {size2}.", "较早的大小 {size1} 大于较新的大小 {size2}。"
    )
    why = Text("A log only grows.", "日志只增不减。")


class EmptyTreeConsistencyError(ProofError):
    """A consistency proof from the empty tree was asked for or offered."""

    code = "proof.from-empty"
    what = Text(
        "There is no consistency proof from the empty tree to size {size2}.",
        "从空树到大小 {size2} 不存在一致性证明。",
    )
    why = Text(
        "Every tree extends the empty one, so such a proof would show nothing.",
        "任何树都是空树的延伸，此类证明不说明任何问题。",
    )


class PathLengthError(ProofError):
    """A path has too few or too many hashes for its position."""

    code = "proof.path-length"
    what = Text("The path has {got} hashes where {want} are needed.", "路径含 {got} 个哈希，应为 {want} 个。")
    why = Text("Position and size fix the length of a path.", "位置与大小决定路径长度。")


class HashLengthError(ProofError):
    """A hash is not 32 bytes long."""

    code = "proof.hash-length"
    what = Text("A hash of {got} bytes stands where 32 are needed.", "哈希为 {got} 字节，应为 32 字节。")
    why = Text("Every hash of the tree is SHA-256.", "树中的哈希均为 SHA-256。")


class RootMismatchError(ProofError):
    """The path leads to another root than the one given."""

    code = "proof.root"
    what = Text(
        "The proof leads to the root {computed}, not to {expected}.", "证明推导出的根为 {computed}，而非 {expected}。"
    )
    why = Text(
        "The leaf, its position, the path or the root is not the one of this tree.",
        "叶子、位置、路径或根不属于此树。",
    )


class FrontierError(ProofError):
    """Stored peaks do not fit the stored size."""

    code = "proof.frontier"
    what = Text("{got} peaks were given for a tree of {size} leaves.", "大小为 {size} 的树给出了 {got} 个峰。")
    why = Text("A tree has one peak for every 1 in its binary size.", "树大小的二进制中每个 1 对应一个峰。")


class HashSourceError(InconclusiveError):
    """A source of hashes broke its contract."""

    code = "tree.source"
    what = Text(
        "The store returned {got} hashes or bytes where {want} were asked for.",
        "存储返回 {got} 个哈希或字节，应为 {want} 个。",
    )
    why = Text("A proof cannot be built from missing hashes.", "缺少哈希无法构造证明。")
    next_step = Text("Check the storage, or ask another node.", "请检查存储，或改向其他节点请求。")

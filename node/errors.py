"""What a node can fail on besides what the ledger itself forbids."""

from __future__ import annotations

from ledger.errors import ConfigError, ForkError, Text, UnreachableError


class NotInitialised(ConfigError):
    """The data directory holds no node."""

    code = "node.not_initialised"
    what = Text("{path} holds no node.", "{path} 中没有节点。")
    next_step = Text("Run `suyuan node init` first.", "请先运行 `suyuan node init`。")


class AlreadyInitialised(ConfigError):
    """The data directory holds a node already."""

    code = "node.already_initialised"
    what = Text("{path} holds a node already.", "{path} 中已有节点。")
    next_step = Text("Choose another directory; nothing was changed.", "请选择其他目录；未作任何更改。")


class AlreadyRunning(ConfigError):
    """Another process writes to this data directory."""

    code = "node.already_running"
    what = Text("Another process runs the node in {path}.", "另一进程正在运行 {path} 中的节点。")
    next_step = Text("Stop it first; a node has one writer.", "请先停止该进程；一个节点只有一个写入进程。")


class WriterRefused(ConfigError):
    """The writer ended because of what it found; starting it again would not help."""

    code = "node.writer_refused"
    what = Text("The writer refuses to start; its message stands above.", "写入进程拒绝启动，原因见上方消息。")


class NodeNotInGenesis(ConfigError):
    """The genesis document does not name this node with these keys."""

    code = "node.not_in_genesis"
    what = Text("The genesis document does not name this node: {detail}.", "创世文件未列出本节点：{detail}。")
    next_step = Text(
        "Put the entry that `suyuan node keys` printed into `nodes`.", "请将 `suyuan node keys` 输出的条目写入 nodes。"
    )


class DamagedStore(ConfigError):
    """The database contradicts itself; nothing is served from it."""

    code = "node.store_damaged"
    what = Text("The database contradicts itself: {detail}.", "数据库自相矛盾：{detail}。")
    why = Text("A node signs only what it can recompute.", "节点只为可重新计算的内容签名。")
    next_step = Text(
        "Restore the data directory from a copy, or replay the log with `suyuan audit replay`.",
        "请从备份恢复数据目录，或用 `suyuan audit replay` 重放日志。",
    )


class SignedHeadConflict(ForkError):
    """The head to be signed excludes one that was signed before."""

    code = "log.signed_head"
    what = Text(
        "Size {signed} was signed before; the head of size {size} excludes it.",
        "大小 {signed} 的树头已被签名，与大小 {size} 的树头互斥。",
    )
    why = Text("A node never signs two roots for one size, nor goes back.", "节点不为同一大小签署两个根，也不回退。")
    next_step = Text(
        "The data directory is older than what was signed: restore the newest copy.",
        "数据目录早于已签名内容：请恢复最新的副本。",
    )


class WriterGone(UnreachableError):
    """The writer process does not answer."""

    code = "node.writer_gone"
    why = Text("It may be starting again.", "写入进程可能正在重启。")
    next_step = Text(
        "Send the same statements again: what was logged already answers with its first place.",
        "请原样重发：已入账的语句会返回其首次位置。",
    )


class WitnessesMissing(UnreachableError):
    """The quorum of cosignatures cannot be reached by this node alone."""

    code = "node.witnesses_missing"
    what = Text(
        "{target} cosigners are needed and have not answered: {detail}.", "需要 {target} 个共签方，尚未答复：{detail}。"
    )
    next_step = Text("Wait for `published` instead; what was sent is logged.", "请改为等待 published；所发内容已入账。")

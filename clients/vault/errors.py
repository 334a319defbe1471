"""What a vault can answer besides its content."""

from __future__ import annotations

from ledger.errors import ConfigError, NotFoundError, StateError, Text


class VaultUnusable(ConfigError):
    """The vault's database cannot be opened."""

    code = "vault.unusable"
    what = Text("The vault cannot be opened: {detail}.", "无法打开保险库：{detail}。")
    next_step = Text("Check the path or URL and its rights.", "请检查路径或地址及其权限。")


class VaultNewer(ConfigError):
    """The vault was written by a newer program."""

    code = "vault.newer"
    what = Text(
        "The vault has schema {found}; this program knows {known}.", "保险库结构版本为 {found}，程序仅支持 {known}。"
    )
    next_step = Text("Use the newer program.", "请使用更新版本的程序。")


class NotInVault(NotFoundError):
    """The vault does not hold that."""

    code = "vault.missing"
    what = Text("The vault holds no {what_kind} for {name}.", "保险库中没有 {name} 的 {what_kind}。")
    next_step = Text("Use the vault of the member that holds it.", "请使用持有该内容的成员的保险库。")


class VaultConflict(StateError):
    """Something else stands already where a value was to be written."""

    code = "vault.conflict"
    what = Text("The vault already holds another {what_kind} for {name}.", "保险库中 {name} 已有另一个 {what_kind}。")

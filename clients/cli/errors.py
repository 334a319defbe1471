"""What the command line itself can find wrong, in the one error tree."""

from __future__ import annotations

from ledger.errors import ConfigError, FormError, SuyuanError, Text


class UsageProblem(FormError):
    """The command was called in a way it does not know."""

    code = "cli.usage"
    what = Text("The command was not understood: {detail}", "无法理解该命令：{detail}")
    why = Text("", "")
    next_step = Text("See `{command} --help`.", "请查看 `{command} --help`。")


class Interrupted(SuyuanError):
    """The person stopped the command."""

    code = "cli.interrupted"
    what = Text("Stopped.", "已中止。")
    next_step = Text("Run the command again; imports continue with --resume.", "请重新运行；导入可用 --resume 继续。")


class InternalFault(SuyuanError):
    """A defect of the program."""

    code = "cli.internal"
    what = Text("Something went wrong inside: {detail}", "内部发生错误：{detail}")
    next_step = Text("Report this with the trace that stands above.", "请连同上方的跟踪信息一并报告。")


class SettingMissing(ConfigError):
    """A setting that the command needs has no value."""

    code = "cli.setting_missing"
    what = Text("The setting `{name}` is needed for this and has no value.", "此操作需要设置项 `{name}`，但未提供。")
    next_step = Text(
        "Give {flag}, set {variable}, or write it into suyuan-client.toml.",
        "请使用 {flag}、环境变量 {variable} 或写入 suyuan-client.toml。",
    )


class FileUnusable(ConfigError):
    """A file that cannot be read or written."""

    code = "cli.file"
    what = Text("{path} cannot be used: {detail}.", "无法使用 {path}：{detail}。")
    next_step = Text("Check the path and its rights.", "请检查路径及其权限。")


class NodeProgramMissing(ConfigError):
    """The server part is not installed beside the client."""

    code = "cli.node_missing"
    what = Text("The node's program is not installed here.", "此处未安装节点程序。")
    why = Text("A client alone carries no server code.", "仅安装客户端时不含服务端代码。")
    next_step = Text("Install `suyuan` with its folders node and api.", "请安装包含 node 与 api 的 suyuan。")

"""`suyuan`: the groups and commands of the command line."""

from __future__ import annotations

from typing import Final

import click

from clients.cli.command import Root, shared_options

_COMMANDS: Final = {
    "access": "clients.cli.scopes:access",
    "audit": "clients.cli.audit:group",
    "case": "clients.cli.scopes:case",
    "catalogue": "clients.cli.members:catalogue_group",
    "completion": "clients.cli.completion:completion",
    "config": "clients.cli.configuring:group",
    "consent": "clients.cli.kind_groups:consent",
    "contract": "clients.cli.contracts:group",
    "dispute": "clients.cli.kind_groups:dispute",
    "doctor": "clients.cli.doctor:doctor",
    "duty": "clients.cli.duties:group",
    "erase": "clients.cli.erasing:erase",
    "explain": "clients.cli.explain:explain",
    "findings": "clients.cli.findings:group",
    "governance": "clients.cli.kind_groups:governance",
    "grant": "clients.cli.grant_exchange:group",
    "incident": "clients.cli.kind_groups:incident",
    "key": "clients.cli.keys:group",
    "list": "clients.cli.kind_groups:list_",
    "member": "clients.cli.members:group",
    "node": "clients.cli.node:group",
    "pledge": "clients.cli.kind_groups:pledge",
    "product": "clients.cli.kind_groups:product",
    "publish": "clients.cli.kind_groups:publish",
    "record": "clients.cli.records:group",
    "repair": "clients.cli.kind_groups:repair",
    "schema": "clients.cli.schema:schema",
    "stop": "clients.cli.kind_groups:stop",
    "statement": "clients.cli.statements:group",
    "submit": "clients.cli.submitting:submit",
    "token": "clients.cli.token:token",
    "trace": "clients.cli.traces:group",
    "transfer": "clients.cli.transfers:group",
    "use": "clients.cli.uses:group",
    "verify": "clients.cli.verifying:verify",
}
"""Every command and where it is; a module is imported when its command is called."""

_HELP: Final = """Suyuan: submit, hand over, trace, audit and verify the lineage of credit data.

溯源：信用数据的提交、交接、追溯、审计与核验。

Settings come from flags, then SUYUAN_* variables, then suyuan-client.toml, then defaults; `suyuan config show` says
which. Data goes to stdout, talk to stderr.

Exit codes: 0 ok, 1 internal, 2 usage, 3 configuration, 4 not authorised, 5 not found, 6 unreachable, 10 proof failed,
11 fork or rollback, 12 bad signature, 13 quorum missing, 14 refused by a rule, 15 inconclusive."""

cli = Root(
    "suyuan",
    lazy=_COMMANDS,
    help=_HELP,
    params=shared_options(hidden=False),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
click.version_option(package_name="suyuan", prog_name="suyuan")(cli)


def main() -> None:
    """Run the command line and end the program with its exit code."""
    cli.main()


if __name__ == "__main__":
    main()

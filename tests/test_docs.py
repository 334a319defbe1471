"""The documentation says what is so: commands parse, links lead somewhere, quoted texts and names exist."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from clients.cli.main import cli
from ledger.errors import SuyuanError
from ledger.findings.catalogue import CODES
from ledger.rules import RULES
from node.__main__ import cli as node_cli
from node.config import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
ROLES = ("institution", "auditor", "investigator")
LANGUAGES = ("en", "zh")
TUTORIALS = [DOCS / "tutorials" / f"{role}.{language}.md" for role in ROLES for language in LANGUAGES]
WITH_COMMANDS = [ROOT / "README.md", DOCS / "operations.md", *TUTORIALS]
PROSE = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md")), *TUTORIALS]

FENCE = re.compile(r"^[ ]{0,3}```(\w*)\n(.*?)^[ ]{0,3}```$", re.MULTILINE | re.DOTALL)
HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?.*?^\s*\1$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"(?:^|[|&;(]|\$\()\s*(?:\w+=\S+\s+)*(suyuan\s.*)$", re.MULTILINE)
QUOTED_CALL = re.compile(r"`suyuan ([^`]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
IDENTIFIER = "a" * 64
"""What a variable of the shell stands for: every variable in a command holds an id."""


def blocks(text: str, *languages: str) -> list[str]:
    """Return the fenced blocks in one of the languages, without the indentation of a list."""
    return [re.sub(r"^ {3}", "", body, flags=re.MULTILINE) for name, body in FENCE.findall(text) if name in languages]


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every `suyuan …` call in the sh and console blocks of a page."""
    for block in blocks(text, "sh", "console"):
        joined = re.sub(r"\\\n\s*", "", block)
        plain = re.sub(r"^\$ ", "", HERE_DOCUMENT.sub("", joined), flags=re.MULTILINE)
        for found in CALL.finditer(plain):
            yield words_of(found[1])


def words_of(line: str) -> list[str]:
    """Split one call as a shell does, up to the end of the simple command."""
    filled = re.sub(r"\$\{?\w+\}?", IDENTIFIER, line)
    lexer = shlex.shlex(filled, posix=True, punctuation_chars="|&;()<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if set(word) <= set("|&;()<>"):
            break
        words.append(word)
    return words


def parse(command: click.Command, name: str, arguments: list[str], parent: click.Context | None = None) -> str:
    """Parse with the real command tree down to the last command and return its path; raises click's own errors."""
    context = command.make_context(name, list(arguments), parent=parent)
    if not isinstance(command, click.Group):
        if context.command_path.startswith("suyuan node "):
            passed = [word for word in context.params["words"] if word != "--"]
            parse(node_cli, "node", [name, *passed])
        return context.command_path
    # click keeps the words of a sub-command apart from the rest until it is resolved.
    rest = [*context._protected_args, *context.args]
    found, sub, left = command.resolve_command(context, rest)
    assert sub is not None
    assert found is not None
    return parse(sub, found, left, context)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_parses(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands, options and choices exist, and no argument is missing."""
    monkeypatch.chdir(tmp_path)
    found = list(commands(page.read_text(encoding="utf-8")))
    assert found
    for words in found:
        for word in words[1:]:
            # Some arguments must be files that are there.
            if re.fullmatch(r"[\w-]+\.\w+|passphrase", word):
                (tmp_path / word).touch()
        try:
            assert parse(cli, "suyuan", words[1:]).startswith("suyuan ")
        except click.ClickException as error:
            pytest.fail(f"{page.name}: `{' '.join(words)}`: {error.format_message()}")


@pytest.mark.parametrize("words", [["record", "submit"], ["trace", "sideways", IDENTIFIER], ["node", "start", "--foo"]])
def test_a_wrong_command_is_noticed(words: list[str]) -> None:
    """The check above can fail."""
    with pytest.raises(click.ClickException):
        parse(cli, "suyuan", words)


def test_inline_commands_name_commands_that_exist() -> None:
    """What stands between backquotes begins with a command of the command line."""
    for page in PROSE:
        for found in QUOTED_CALL.findall(page.read_text(encoding="utf-8")):
            command: click.Command = cli
            for word in words_of(found):
                if word.startswith("-") or not isinstance(command, click.Group):
                    break
                if word == "…":
                    break
                sub = command.get_command(click.Context(command), word)
                assert sub is not None, f"{page.name}: suyuan {found}"
                command = sub


def test_every_relative_link_resolves() -> None:
    """Files exist, and so do the headings that links name."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
    broken = []
    for page in pages:
        text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))
        for target in LINK.findall(text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, heading = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            if not file.exists() or (heading and heading not in anchors(file)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_on_the_map() -> None:
    """docs/README.md links every page; decisions are linked from their own index."""
    on_map = {
        (DOCS / link.partition("#")[0]).resolve() for link in LINK.findall((DOCS / "README.md").read_text("utf-8"))
    }
    decisions = DOCS / "decisions"
    listed = {(decisions / link).resolve() for link in LINK.findall((decisions / "README.md").read_text("utf-8"))}
    wanted = {page for page in DOCS.rglob("*.md") if page.parent != decisions} - {DOCS / "README.md"}
    assert not wanted - on_map
    assert decisions / "README.md" in on_map
    assert not set(decisions.glob("0*.md")) - listed


def test_the_readme_quotes_the_real_help() -> None:
    """The list of commands in README is what `suyuan --help` prints on a terminal of 80 columns."""
    done = subprocess.run(
        [sys.executable, "-m", "clients.cli.main", "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    shown = done.stdout[done.stdout.index("Commands:") :].strip()
    assert shown in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("role", ROLES)
def test_a_tutorial_has_the_same_commands_in_both_languages(role: str) -> None:
    """The blocks that are run are equal, byte for byte and in the same order."""
    english, chinese = ((DOCS / "tutorials" / f"{role}.{language}.md").read_text("utf-8") for language in LANGUAGES)
    assert blocks(english, "sh", "console") == blocks(chinese, "sh", "console")
    assert len(re.findall(r"^## ", english, re.MULTILINE)) == len(re.findall(r"^## ", chinese, re.MULTILINE))


def known_codes() -> set[str]:
    """Return every error code of the project; an error class exists only after its module ran."""
    for package in ("ledger", "node", "api", "clients"):
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, prefix=f"{package}."):
            if not module.name.endswith(("__main__", ".env")) and ".versions" not in module.name:
                importlib.import_module(module.name)
    todo, codes = [SuyuanError], set()
    while todo:
        one = todo.pop()
        codes.add(one.code)
        todo += one.__subclasses__()
    return codes


def test_every_rule_finding_and_error_that_is_named_exists() -> None:
    """Ids such as TRA-2 and F-HOP, and error codes in backquotes whose family the project has."""
    codes = known_codes()
    families = {code.partition(".")[0] for code in codes if "." in code}
    not_codes = re.compile(r"\.(?:md|py|toml|json|pem|txt|db|csv|suyuan|cose|vault|html|pdf|lock|head|sh)$")
    kinds = set(re.findall(r"^## `?([a-z]+\.[a-z]+)", (DOCS / "spec" / "kinds.md").read_text("utf-8"), re.MULTILINE))
    wrong = []
    for page in PROSE:
        if page.name in ("errors.md", "rules.md"):
            continue
        text = page.read_text(encoding="utf-8")
        wrong += [(page.name, name) for name in re.findall(r"\b(F-[A-Z]+(?:-[A-Z]+)*)\b", text) if name not in CODES]
        wrong += [
            (page.name, name)
            for name in re.findall(r"\b((?:GOV|CAT|REC|ERA|CON|GRA|TRA|USE|INC|ACC|PRO|PUB|LST|REP|PLE)-\d+)\b", text)
            if name not in RULES
        ]
        for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", FENCE.sub("", text)):
            is_code = name.partition(".")[0] in families and not not_codes.search(name) and name not in kinds
            if is_code and name not in codes:
                wrong.append((page.name, name))
    assert not wrong


def test_operations_lists_every_setting_with_its_default() -> None:
    """The table of settings is the settings' own."""
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        assert f"| `{name}` | {default} | {field.description} |" in text

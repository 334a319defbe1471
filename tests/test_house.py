"""The house around the code: commands, caps, import contracts, packaging."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import grimp
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("ledger", "node", "api", "clients")
TARGETS = {"demo", "serve", "test", "check", "bench", "fix", "docs", "lock", "clean", "help"}


def house() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / ".ci" / "house.py"))


def makefile_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):(?!=)", text, flags=re.MULTILINE))


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the project's own import contracts over the packages in `folder`."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def named_for(module: str, beginnings: tuple[str, ...]) -> bool:
    """Whether a word of the module's own name begins so: `manifest_prove` is named for proving."""
    return any(word.startswith(beginnings) for word in module.rpartition(".")[2].split("_"))


def pinned(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {
        name.lower().replace("_", "-"): version for name, version in re.findall(r"(?m)^([\w.-]+)==([^ ;\\\s]+)", text)
    }


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


# Commands


def test_the_makefile_has_the_promised_commands() -> None:
    assert makefile_targets() >= TARGETS


def test_help_lists_every_promised_command() -> None:
    # A make that started this test hands its own flags down; they are not this one's.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    listing = subprocess.run(
        ["make", "-C", str(ROOT), "--no-print-directory"], env=environment, capture_output=True, text=True, check=True
    )
    assert set(re.findall(r"^  make (\w+)", listing.stdout, flags=re.MULTILINE)) == TARGETS


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "docs/errors.md"])
def test_commands_in_a_page_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?m)^(?: {4}|\$ )?make ([a-z]+)\b", text)) | set(re.findall(r"`make ([a-z]+)", text))
    assert named
    assert named <= makefile_targets()


def test_the_environment_is_built_by_the_standard_library_alone() -> None:
    tree = ast.parse((ROOT / ".ci" / "environment.py").read_text(encoding="utf-8"))
    modules = {alias.name for item in ast.walk(tree) if isinstance(item, ast.Import) for alias in item.names}
    modules |= {item.module or "" for item in ast.walk(tree) if isinstance(item, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in modules} <= sys.stdlib_module_names


# House rules


def test_every_file_keeps_the_house_rules() -> None:
    assert list(house()["breaches"]()) == []


@pytest.mark.parametrize(
    ("name", "text", "breach"),
    [
        ("ledger/long.py", "x = 1\n" * 401, "cap"),
        ("api/console/long.css", "\n" * 401, "cap"),
        ("node/half.py", "# TOD" + "O: the rest\n", "unfinished"),
        ("node/half.py", "raise NotImplemented" + "Error\n", "unfinished"),
        ("docs/install.md", "from https://pyp" + "i.org/simple\n", "place"),
        ("docs/install.md", "cd /ho" + "me/somebody/suyuan\n", "place"),
    ],
)
def test_a_breach_in_a_text_is_found(name: str, text: str, breach: str) -> None:
    found = list(house()["text_breaches"](Path(name), text))
    assert len(found) == 1
    assert f": {breach}: " in found[0]


@pytest.mark.parametrize("name", ["ledger/utils.py", "clients/helpers/time.py", "node/Common.py", "tests/misc.py"])
def test_an_empty_name_is_found(name: str) -> None:
    assert list(house()["name_breaches"](Path(name)))


@pytest.mark.parametrize(
    "text",
    [
        "open('x')\n",
        "from datetime import datetime\ndatetime.now()\n",
        "import datetime\ndatetime.date.today()\n",
        "print(1)\n",
        "import nacl.utils\n",
        "from nacl import utils\n",
    ],
)
def test_an_impure_call_is_found_in_the_ledger_only(text: str) -> None:
    assert list(house()["purity_breaches"](Path("ledger/x.py"), text))
    assert not list(house()["purity_breaches"](Path("node/x.py"), text))


# Imports


def test_imports_run_one_way() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "text", "contract"),
    [
        ("ledger/x.py", "import os", "The ledger has no clock"),
        ("ledger/x.py", "from time import time", "The ledger has no clock"),
        ("ledger/x.py", "import sqlalchemy", "The ledger has no clock"),
        ("ledger/x.py", "import node.y", "The server is layered"),
        ("node/x.py", "import api.y", "The server is layered"),
        ("ledger/x.py", "import clients.y", "The client stands on the ledger alone"),
        ("clients/x.py", "import node.y", "An auditor installs no server code"),
        ("clients/x.py", "import api.y", "An auditor installs no server code"),
        ("node/x.py", "import clients.y", "A server knows nothing of its clients"),
    ],
)
def test_a_wrong_import_breaks_its_contract(tmp_path: Path, module: str, text: str, contract: str) -> None:
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "y.py").touch()
    (tmp_path / module).write_text(f"{text}\n", encoding="utf-8")
    done = lint_imports(tmp_path)
    assert done.returncode != 0, done.stdout
    assert re.search(rf"{contract}.* BROKEN", done.stdout), done.stdout


def test_verifying_never_imports_building() -> None:
    """A fault in building a proof must not be able to hide in its verification."""
    graph = grimp.build_graph("ledger")
    verifying = {name for name in graph.modules if named_for(name, ("verif",))}
    building = {name for name in graph.modules if named_for(name, ("prove", "build", "signers"))}
    assert "ledger.merkle.verify" in verifying
    assert "ledger.merkle.prove" in building
    chains = {
        (verifier, builder): chain
        for verifier in verifying
        for builder in building
        if (chain := graph.find_shortest_chain(importer=verifier, imported=builder))
    }
    assert chains == {}


# Packaging


def test_the_installed_project_says_what_it_is() -> None:
    metadata = importlib.metadata.metadata("suyuan")
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    commands = importlib.metadata.entry_points(group="console_scripts", name="suyuan")
    assert [command.value for command in commands] == ["clients.cli.main:main"]
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_is_typed(name: str) -> None:
    assert (ROOT / name / "py.typed").exists()


def test_the_locks_cover_the_project_and_agree() -> None:
    run, everything = pinned("requirements-run.lock"), pinned("requirements.lock")
    assert run.items() <= everything.items()
    declared = project()["project"]
    extras = declared["optional-dependencies"]
    for lock, wanted in (
        (run, declared["dependencies"]),
        (everything, [*declared["dependencies"], *extras["test"], *extras["dev"]]),
    ):
        names = {re.split(r"[\[<>=!~; ]", item, maxsplit=1)[0].lower().replace("_", "-") for item in wanted}
        assert names <= lock.keys(), "pyproject.toml has changed since: run `make lock`"


@pytest.mark.parametrize(
    "lock",
    ["requirements.lock", "requirements-run.lock", ".ci/requirements-oracles.lock", ".ci/requirements-go.lock"],
)
def test_every_locked_package_has_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    packages = re.split(r"(?m)^(?=[\w.-]+==)", text)[1:]
    assert packages
    assert all(" --hash=sha256:" in package for package in packages)

"""The rules of the house that no ready-made checker knows. Prints every breach and ends with 1 if there is one.

- `cap`: a Python, JavaScript or style file has at most 400 lines, because one file holds one idea.
- `name`: no file or folder is called utils, helpers, common, manager or misc; such a name says nothing.
- `package`: a folder of code has an `__init__.py`, else it would be missing from the installed project.
- `unfinished`: no marker of unfinished work stands in the code.
- `place`: no file names a package registry or a path of somebody's machine, so that it works everywhere.
- `pure`: `ledger/` reads no clock, file or randomness by a call that import contracts cannot see.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 400
CAPPED = {".py", ".js", ".mjs", ".css"}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
PACKAGES = ("ledger", "node", "api", "clients", "tests")

# One letter of each pattern stands in brackets, so that this file does not breach its own rule.
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|NotImplementedErro[r])\b")
REGISTRIES = re.compile(
    r"(pypi[.]org|pythonhosted[.]org|registry[.](npmjs|yarnpkg)|proxy[.]golang|sum[.]golang"
    r"|--(extra-)?index[-]url|--find[-]links|--trusted[-]host)"
)
MACHINE_PATHS = re.compile(r"(?<![\w.}>/$])/(work|root|home|Users|farm)/\w")

IMPURE_NAMES = {"open", "print", "input", "exec", "eval", "compile", "breakpoint", "__import__", "id"}
IMPURE_METHODS = {"now", "utcnow", "today", "urandom", "randombytes"}
IMPURE_MODULES = {"nacl.utils", "nacl.public", "os.path"}


def listed_files() -> list[Path]:
    """Every file that git tracks, or would: an ignored file is nobody's work."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = sorted({name for name in done.stdout.decode().split("\0") if name})
    return [path for path in map(Path, names) if (ROOT / path).is_file()]


def name_breaches(path: Path) -> Iterator[str]:
    for part in (*path.parts[:-1], path.stem):
        if part.lower() in EMPTY_NAMES:
            yield f"{path}: name: `{part}` says nothing about what is inside"


def package_breaches(path: Path) -> Iterator[str]:
    if path.suffix == ".py" and path.parts[0] in PACKAGES and not (ROOT / path.parent / "__init__.py").exists():
        yield f"{path}: package: {path.parent} has no __init__.py"


def text_breaches(path: Path, text: str) -> Iterator[str]:
    lines = text.splitlines()
    if path.suffix in CAPPED and len(lines) > MOST_LINES:
        yield f"{path}: cap: {len(lines)} lines, at most {MOST_LINES}"
    for number, line in enumerate(lines, start=1):
        if path.suffix == ".py" and (found := UNFINISHED.search(line)):
            yield f"{path}:{number}: unfinished: {found[0]}"
        if found := REGISTRIES.search(line):
            yield f"{path}:{number}: place: {found[0]}"
        if found := MACHINE_PATHS.search(line):
            yield f"{path}:{number}: place: {found[0]}…"


def purity_breaches(path: Path, text: str) -> Iterator[str]:
    """Calls that read the world and need no import of their own, in the pure core only."""
    if path.suffix != ".py" or path.parts[0] != "ledger":
        return
    for item in ast.walk(ast.parse(text, filename=str(path))):
        if isinstance(item, ast.Call):
            called = item.func
            if isinstance(called, ast.Name) and called.id in IMPURE_NAMES:
                yield f"{path}:{item.lineno}: pure: call of {called.id}()"
            elif isinstance(called, ast.Attribute) and called.attr in IMPURE_METHODS:
                yield f"{path}:{item.lineno}: pure: call of .{called.attr}()"
        elif isinstance(item, ast.ImportFrom):
            for module in (item.module or "", *(f"{item.module}.{alias.name}" for alias in item.names)):
                if module in IMPURE_MODULES:
                    yield f"{path}:{item.lineno}: pure: import of {module}"
        elif isinstance(item, ast.Import):
            for alias in item.names:
                if alias.name in IMPURE_MODULES:
                    yield f"{path}:{item.lineno}: pure: import of {alias.name}"


def breaches() -> Iterator[str]:
    for path in listed_files():
        yield from name_breaches(path)
        yield from package_breaches(path)
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        yield from text_breaches(path, text)
        yield from purity_breaches(path, text)


def main() -> None:
    found = list(breaches())
    for breach in found:
        print(breach)
    if found:
        sys.exit(f"house: {len(found)} breaches")
    print(f"house: {len(listed_files())} files keep the rules")


if __name__ == "__main__":
    main()

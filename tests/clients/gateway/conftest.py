from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from tests.clients.gateway.story import Story

MOST_ATTEMPTS = 10


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    made = Story(tmp_path)
    # Repeated calls are repeated at once; how often is still the client's own affair.
    with stamina.set_testing(True, attempts=MOST_ATTEMPTS, cap=True):
        yield made
    made.close()

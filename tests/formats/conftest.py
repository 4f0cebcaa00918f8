from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.formats.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path)
    yield running
    running.close()

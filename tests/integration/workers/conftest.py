"""A real Valkey for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.valkey import TemporaryValkey


@pytest.fixture
def valkey() -> Iterator[TemporaryValkey]:
    with TemporaryDirectory(prefix="sd-") as folder, TemporaryValkey(Path(folder)) as server:
        yield server

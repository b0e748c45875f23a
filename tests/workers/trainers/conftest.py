from __future__ import annotations

from pathlib import Path

import pytest

from tests.workers.tiny import build_base, write_rows
from workers.trainers.configs import DatasetSpec


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def dataset(tmp_path: Path) -> DatasetSpec:
    return write_rows(tmp_path / "rows.csv")

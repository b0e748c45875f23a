from __future__ import annotations

import io

import openpyxl
import pytest

from workers.inference.lookup.checks import iso7064_mod11_10_digit

HEADER = "银行名称,联行编号,清算行行号"


def code(serial: int, *, prefix: str = "4033910") -> str:
    """A 12-digit code with a valid check digit."""
    payload = f"{prefix}{serial:04d}"
    return payload + iso7064_mod11_10_digit(payload)


def row(serial: int, *, name: str = "") -> str:
    return f"{name or f'中国邮政储蓄银行六里坪第{serial}支行'},{code(serial)},403100000004"


def table(*lines: str, count: int = 3) -> str:
    """A table with a header, `count` good rows and the given lines after them."""
    return "\n".join([HEADER, *(row(serial) for serial in range(count)), *lines]) + "\n"


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def dataset(administrator):
    from apps.datasets.services import create_dataset

    return create_dataset(name="全国联行号", preset="bank_branches", actor=administrator)


@pytest.fixture
def upload(dataset, administrator):
    """Return a function that uploads text or bytes as the next version, also the same ones again."""
    from apps.datasets.services import upload_version

    def send(content: str | bytes, name: str = "rows.csv"):
        data = content.encode() if isinstance(content, str) else content
        return upload_version(dataset, file=io.BytesIO(data), name=name, actor=administrator, again=True)

    return send


@pytest.fixture
def imported(upload):
    """Return a function that uploads, imports and indexes, and gives the version as it is afterwards."""
    from apps.datasets.importing import import_version
    from apps.datasets.indexing import index_version

    def run(content: str | bytes, name: str = "rows.csv"):
        version = upload(content, name)
        import_version(str(version.pk))
        index_version(str(version.pk))
        version.refresh_from_db()
        return version

    return run

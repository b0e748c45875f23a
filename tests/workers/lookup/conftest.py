"""A small directory, made by hand so that every question has one right answer, and a larger generated one."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.directory import make_directory
from workers.inference.lookup import PRESETS, RecordIndex, build_index

PSBC, ICBC, ABC, BOC, CCB = (
    "中国邮政储蓄银行股份有限公司",
    "中国工商银行股份有限公司",
    "中国农业银行股份有限公司",
    "中国银行股份有限公司",
    "中国建设银行股份有限公司",
)
ROWS = [
    (f"{PSBC}丹江口市六里坪支行", "403539100200", "403100000004"),
    (f"{ICBC}北京新华支行", "102100000021", "102100099996"),
    (f"{ICBC}沈阳新华支行", "102221063504", "102100099996"),
    (f"{ICBC}北京朝阳门支行", "102100000208", "102100099996"),
    (f"{ABC}临安区锦城支行", "103331098900", "103100000026"),
    (f"{ABC}长沙市人民路支行", "103551000011", "103100000026"),
    (f"{ABC}长沙市人民路分理处", "103551000020", "103100000026"),
    (f"{CCB}苍梧县振兴路支行", "105624100013", "105100000017"),
    (f"{CCB}咸阳渭城桥支行", "105795000015", "105100000017"),
    (f"{BOC}新建区蛟桥支行", "104421000011", "104100000004"),
    (f"{BOC}南昌市新建区蛟桥支行", "104421000020", "104100000004"),
    (f"{BOC}黄冈市黄梅县小池支行", "104533900018", "104100000004"),
    ("青岛银行股份有限公司胶州胶东支行", "313452502893", ""),
    ("礼泉县农村信用合作联社五七路分社", "402795502243", ""),
    ("尧都农村商业银行股份有限公司财神楼支行", "314177000038", ""),
    (f"{PSBC}黄梅县孔垄营业所", "403533910018", "403100000004"),
    ("城市商业银行", "904290099992", ""),
    (f"{PSBC}黄梅县孔垄营业所", "403533910026", "403100000004"),
]
SCHEMA = PRESETS["bank_branches"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lookup")


@pytest.fixture(scope="session")
def index(folder: Path) -> RecordIndex:
    build_index(ROWS, schema=SCHEMA, directory=folder / "small")
    return RecordIndex.open(folder / "small")


@pytest.fixture(scope="session")
def directory() -> list[tuple[str, str, str]]:
    return make_directory(3000, seed=3)


@pytest.fixture(scope="session")
def directory_index(folder: Path, directory: list[tuple[str, str, str]]) -> RecordIndex:
    build_index(directory, schema=SCHEMA, directory=folder / "directory")
    return RecordIndex.open(folder / "directory")

from __future__ import annotations

import random

import pytest

from workers.trainers.branches import Branch, split_name
from workers.trainers.places import say_named_place, short_place


@pytest.mark.parametrize(
    ("name", "bank", "place", "branch"),
    [
        (
            "中国邮政储蓄银行股份有限公司丹江口市六里坪支行",
            "中国邮政储蓄银行股份有限公司",
            "丹江口市",
            "六里坪支行",
        ),
        ("中国银行股份有限公司邯郸市峰峰滏临支行", "中国银行股份有限公司", "邯郸市", "峰峰滏临支行"),
        ("中国农业银行股份有限公司北京丰台区丰台大街支行", "中国农业银行股份有限公司", "北京丰台区", "丰台大街支行"),
        ("泸西县农村信用合作联社白水支行", "泸西县农村信用合作联社", "", "白水支行"),
        ("青岛银行", "青岛银行", "", ""),
    ],
)
def test_a_name_is_taken_apart(name: str, bank: str, place: str, branch: str) -> None:
    assert split_name(name) == Branch(bank, place, branch)


def test_the_innermost_place_names_the_branch_where_nothing_else_does() -> None:
    found = split_name("中国邮政储蓄银行有限责任公司湖北省十堰市竹山县支行")
    assert found == Branch("中国邮政储蓄银行有限责任公司", "湖北省十堰市", "竹山县支行")


def test_a_street_called_after_a_city_is_no_place() -> None:
    assert split_name("中国农业银行股份有限公司北京路支行") == Branch("中国农业银行股份有限公司", "", "北京路支行")


def test_a_place_with_its_ending_is_a_place_before_any_branch() -> None:
    found = split_name("中国邮政储蓄银行股份有限公司江川区广场支行")
    assert found == Branch("中国邮政储蓄银行股份有限公司", "江川区", "广场支行")


@pytest.mark.parametrize("name", ["科尔沁左翼中旗", "许昌经济技术开发区", "株洲市攸县"])
def test_some_places_are_always_said_whole(name: str) -> None:
    said = {say_named_place(name, random.Random(seed)) for seed in range(50)}
    assert all(place.endswith(name) for place in said)


def test_a_second_place_counts_only_within_the_first() -> None:
    found = split_name("中国工商银行股份有限公司镜湖复兴村支行")
    assert found == Branch("中国工商银行股份有限公司", "镜湖", "复兴村支行")


def test_a_name_without_a_bank_is_not_taken_apart() -> None:
    assert split_name("人民商店") is None


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("丹江口市", "丹江口"),
        ("金秀瑶族自治县", "金秀"),
        ("内蒙古自治区", "内蒙古"),
        ("新疆维吾尔自治区", "新疆"),
        ("吴县", "吴县"),
    ],
)
def test_a_place_loses_its_ending(name: str, short: str) -> None:
    assert short_place(name) == short

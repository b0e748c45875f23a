from __future__ import annotations

import pytest

from workers.inference.lookup.places import NOWHERE, spellings
from workers.inference.lookup.schema import PRESETS
from workers.inference.lookup.vocabulary import vocabulary_for

GAZETTEER = vocabulary_for(PRESETS["bank_branches"]).gazetteer


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("丹江口市", {"丹江口市", "丹江口"}),
        ("墨江哈尼族自治县", {"墨江哈尼族自治县", "墨江", "墨江县"}),
        ("内蒙古自治区", {"内蒙古自治区", "内蒙古", "内蒙古区"}),
        ("北林区", {"北林区", "北林"}),
        ("峰峰矿区", {"峰峰矿区", "峰峰"}),
        ("易县", {"易县"}),
    ],
)
def test_a_place_has_its_full_and_its_short_names(name: str, words: set[str]) -> None:
    assert spellings(name) == words


def test_the_longest_place_word_is_read() -> None:
    assert GAZETTEER.longest_at("黄冈市黄梅县", 0, inside=NOWHERE)[0] == "黄冈市"


def test_a_place_is_read_only_within_the_place_before_it() -> None:
    _, huanggang = GAZETTEER.longest_at("黄冈", 0, inside=NOWHERE)

    assert GAZETTEER.longest_at("黄梅", 0, inside=huanggang)[0] == "黄梅"
    assert GAZETTEER.longest_at("朝阳", 0, inside=huanggang)[0] == ""


@pytest.mark.parametrize("street", ["北京路", "南京东路", "朝阳门", "中山大道", "渭城桥"])
def test_a_word_that_begins_a_street_is_no_place(street: str) -> None:
    assert GAZETTEER.longest_at(street, 0, inside=NOWHERE) == ("", NOWHERE)


def test_a_county_may_have_become_a_district() -> None:
    assert GAZETTEER.forms["临安市"] == GAZETTEER.forms["临安区"]

from __future__ import annotations

import pytest

from apps.core.errors import DomainError
from apps.datasets import diffing
from apps.datasets.diffing import compare
from apps.datasets.models import DatasetVersion
from tests.datasets.conftest import HEADER, code, row

CLEARING = "403100000004"
NAME_ONLY = {"kind": "names", "columns": [{"key": "name", "label": "名称", "role": "name", "required": True},
                                           {"key": "city", "label": "城市"}]}  # fmt: skip


def table_of(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


def named(name: str, serial: int, clearing: str = CLEARING) -> str:
    return f"{name},{code(serial)},{clearing}"


def told(comparison, **wanted) -> list[tuple]:
    """What changed, as (kind, old name, new name)."""
    return [(change.kind, *change.pairs[0]) for change in comparison.changes(**wanted)]


@pytest.fixture
def two(imported):
    """Two versions: of four rows one stays, one is renamed, one goes; one comes."""
    old = imported(table_of(named("甲支行", 1), named("乙支行", 2), named("丙支行", 3)))
    new = imported(table_of(named("丁支行", 4), named("甲支行", 1), named("乙新支行", 2)))
    return old, new


def test_added_removed_and_changed_rows_are_told_apart(two):
    comparison = compare(*two)
    assert comparison.counts == {"added": 1, "removed": 1, "changed": 1, "unchanged": 1}
    expected = {("added", None, "丁支行"), ("removed", "丙支行", None), ("changed", "乙支行", "乙新支行")}
    assert set(told(comparison)) == expected


def test_change_says_what_each_cell_was_and_is_and_on_which_lines(two):
    (change,) = compare(*two).changes(kind="changed")
    assert (change.old_line, change.new_line) == (3, 4)
    assert change.pairs == [("乙支行", "乙新支行"), (code(2), code(2)), (CLEARING, CLEARING)]


def test_the_other_way_round_everything_is_turned_round(two):
    old, new = two
    assert compare(new, old).counts == {"added": 1, "removed": 1, "changed": 1, "unchanged": 1}
    assert ("removed", "丁支行", None) in told(compare(new, old))


def test_order_of_rows_is_no_difference(imported):
    rows = [row(serial) for serial in range(5)]
    old, new = imported(table_of(*rows)), imported(table_of(*reversed(rows)))
    assert compare(old, new).counts == {"added": 0, "removed": 0, "changed": 0, "unchanged": 5}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"kind": "added"}, ["丁支行"]),
        ({"column": "name"}, ["乙新支行"]),
        ({"column": "clearing_code"}, []),
        ({"search": "丙"}, [None]),
        ({"search": code(4)}, ["丁支行"]),
        ({"search": "丁", "kind": "removed"}, []),
        ({"search": "%.*"}, []),
    ],
)
def test_changes_are_sifted_by_kind_column_and_words(two, wanted, names):
    assert [name for _kind, _old, name in told(compare(*two), **wanted)] == names


@pytest.fixture
def by_name(dataset):
    dataset.schema = NAME_ONLY
    dataset.save()
    return dataset


def test_rows_without_an_identifier_belong_together_by_their_name(by_name, imported):
    old = imported("名称,城市\n甲,北京\n乙,上海\n")
    new = imported("名称,城市\n甲,南京\n丙,上海\n")
    comparison = compare(old, new)
    assert comparison.counts == {"added": 1, "removed": 1, "changed": 1, "unchanged": 0}
    (changed,) = comparison.changes(kind="changed")
    assert changed.pairs == [("甲", "甲"), ("北京", "南京")]


def test_of_rows_that_occur_several_times_equal_ones_are_paired_first(by_name, imported):
    old = imported("名称,城市\n甲,北京\n甲,上海\n甲,广州\n")
    new = imported("名称,城市\n甲,广州\n甲,深圳\n")
    comparison = compare(old, new)
    assert comparison.counts == {"added": 0, "removed": 1, "changed": 1, "unchanged": 1}
    (changed,) = comparison.changes(kind="changed")
    assert changed.pairs[1] == ("北京", "深圳")


def test_only_common_columns_are_compared_and_the_others_are_named(dataset, imported):
    old = imported(table_of(named("甲支行", 1)))
    columns = [column for column in dataset.schema["columns"] if column["key"] != "clearing_code"]
    dataset.schema = {**dataset.schema, "columns": [*columns, {"key": "phone", "label": "电话"}]}
    dataset.save()
    new = imported(f"银行名称,联行编号,电话\n甲支行,{code(1)},110\n")
    comparison = compare(old, new)
    assert comparison.counts["unchanged"] == 1
    assert [column.key for column in comparison.columns] == ["name", "code"]
    assert (comparison.only_old, comparison.only_new) == (["清算行行号"], ["电话"])


def test_comparison_is_computed_once_and_kept_beside_the_newer_version(two, monkeypatch):
    first = compare(*two)
    assert first.path.parent == two[1].directory
    monkeypatch.setattr(diffing, "_differences", lambda *args, **kwargs: pytest.fail("computed again"))
    assert compare(*two).counts == first.counts


def test_comparison_of_other_content_is_another_file(two, imported):
    third = imported(table_of(named("戊支行", 5)))
    assert len({compare(two[0], third).path.name, compare(two[1], third).path.name, compare(*two).path.name}) == 3


def test_version_without_rows_cannot_be_compared(two, upload):
    with pytest.raises(DomainError) as caught:
        compare(two[0], upload(table_of(named("己支行", 6))))
    assert caught.value.code == "not_comparable"


def test_rows_that_are_gone_from_the_disk_are_said_to_be(two):
    two[0].columns_file.unlink()
    with pytest.raises(DomainError) as caught:
        compare(*two)
    assert caught.value.code == "files_missing"


def test_version_is_compared_with_the_active_one_else_with_the_one_before(two, imported, dataset):
    third = imported(table_of(named("戊支行", 5)))
    assert diffing.usual_base(third) == two[1]
    assert diffing.usual_base(two[0]) is None
    DatasetVersion.objects.filter(pk=two[0].pk).update(status="finalised", finalised_at=third.created_at,
                                                       finalised_by=third.created_by)  # fmt: skip
    dataset.active_version = two[0]
    dataset.save()
    third = DatasetVersion.objects.get(pk=third.pk)
    assert diffing.usual_base(third) == two[0]

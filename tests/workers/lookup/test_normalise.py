import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.inference.lookup.normalise import code_key, normalise


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("中國郵政儲蓄銀行", "中国邮政储蓄银行"),
        ("ＩＣＢＣ　北京", "icbc北京"),
        ("工行 新华 支行", "工行新华支行"),
        ("支行（营业部）", "支行(营业部)"),
        ("支行【营业部】", "支行(营业部)"),
        ("工\u200b行\u202e新\ufeff华", "工行新华"),
        ("deutsche   bank", "deutsche bank"),
        ("库尔勒·兰干", "库尔勒兰干"),
        ("", ""),
    ],
)
def test_equal_things_become_equal_strings(typed: str, plain: str) -> None:
    assert normalise(typed) == plain


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(st.characters(min_codepoint=0x2E80, max_codepoint=0x9FFF)))
def test_normalising_han_text_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text("中国银行乾着干著後后里裡()（）", min_size=1), st.text("支行乾著裡", min_size=1))
def test_a_character_is_simplified_alike_whatever_stands_beside_it(one: str, other: str) -> None:
    assert normalise(one + other) == normalise(one) + normalise(other)


@pytest.mark.parametrize("typed", ["4035 3910 0200", "4035-3910-0200", "４０３５３９１００２００", "4035.3910.0200"])
def test_a_code_is_the_same_however_it_is_grouped(typed: str) -> None:
    assert code_key(typed) == "403539100200"

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.inference.lookup.checks import CHECKS, check_digit

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "cnaps_real.csv"
holds = CHECKS["iso7064_mod11_10"]


def test_a_real_code_passes_and_any_other_last_digit_fails() -> None:
    passing = [digit for digit in "0123456789" if holds("40353910020" + digit)]

    assert passing == ["0"]


@given(st.text("0123456789", min_size=1, max_size=20))
def test_a_computed_check_digit_always_holds(payload: str) -> None:
    assert holds(payload + check_digit("iso7064_mod11_10", payload))


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(0, 11), st.integers(1, 9))
def test_every_single_wrong_digit_is_caught(payload: str, at: int, shift: int) -> None:
    code = payload + check_digit("iso7064_mod11_10", payload)
    wrong = code[:at] + str((int(code[at]) + shift) % 10) + code[at + 1 :]

    assert not holds(wrong)


@pytest.mark.parametrize("value", ["", "5", "４０３５３９１００２００", "40353910020x", " 403539100200", "-1"])
def test_what_is_not_ascii_digits_fails_without_an_error(value: str) -> None:
    assert not holds(value)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(KeyError):
        check_digit("unheard_of", "1")


@pytest.mark.skipif(not REAL.is_file(), reason="the real codes in ../shared/data are not on this machine")
def test_every_real_code_holds() -> None:
    with REAL.open(encoding="utf-8-sig", newline="") as lines:
        codes = [row["cnaps_code"] for row in csv.DictReader(lines)]

    assert len(codes) == 5944
    assert [code for code in codes if not holds(code)] == []


PAYLOADS = {
    "iso7064_mod11_10": st.text("0123456789", min_size=1, max_size=30),
    "luhn": st.text("0123456789", min_size=1, max_size=30),
    "gb32100": st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17),
    "iso7064_mod97_10": st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=30),
}


def test_every_rule_is_among_those_tried_here() -> None:
    assert PAYLOADS.keys() == CHECKS.keys()


@pytest.mark.parametrize("rule", PAYLOADS)
@given(data=st.data())
def test_whatever_a_rule_computes_it_accepts(rule: str, data: st.DataObject) -> None:
    payload = data.draw(PAYLOADS[rule])
    assert CHECKS[rule](payload + check_digit(rule, payload))


@pytest.mark.parametrize("rule", PAYLOADS)
@given(data=st.data())
def test_every_rule_catches_one_wrong_character(rule: str, data: st.DataObject) -> None:
    value = (payload := data.draw(PAYLOADS[rule])) + check_digit(rule, payload)
    at = data.draw(st.integers(0, len(value) - 1))
    alphabet = "0123456789" if value[at].isdecimal() else "ABCDEFGHJKLMNPQRTUWXY"
    other = data.draw(st.sampled_from([character for character in alphabet if character != value[at]]))
    assert not CHECKS[rule](value[:at] + other + value[at + 1 :])


@pytest.mark.parametrize("rule", PAYLOADS)
@given(st.text(max_size=40))
def test_no_rule_stumbles_over_any_text(rule: str, value: str) -> None:
    assert CHECKS[rule](value) in (True, False)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("luhn", "4111111111111111"),
        ("luhn", "79927398713"),
        ("gb32100", "91350100M000100Y43"),
        ("iso7064_mod97_10", "5493001KJTIIGC8Y1R12"),
        ("iso7064_mod97_10", "213800WSGIIZCXF1P572"),
    ],
)
def test_published_examples_hold(rule: str, value: str) -> None:
    assert CHECKS[rule](value)

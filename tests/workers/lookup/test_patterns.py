import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.inference.lookup.patterns import LENGTH_MAX, PatternError, check_pattern, example_of
from workers.inference.lookup.schema import Column, SchemaError

SAFE = [
    "",
    "[0-9]{12}",
    r"\d{3}-\d{4}",
    "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}",
    "[^@]+@[^@]+",
    "(北京|上海)市?",
    "[一-龥]{2,4}",
    "(ab){2}",
    "(?:0|[1-9][0-9]*)",
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    r"\(\d+\)",
    "[0-9A-HJ-NPQRTUWXY]{18}",
]


@pytest.mark.parametrize("pattern", SAFE)
def test_a_safe_pattern_is_taken_and_has_an_example_that_fits(pattern: str) -> None:
    check_pattern(pattern)
    assert re.fullmatch(pattern, example_of(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a|b)*c",
        "(a|aa)+$",
        "a*a*a*b",
        "x{0,100}y{0,100}z{0,100}",
        "(?=x)y",
        "(?i)x",
        "(?P<n>x)",
        r"(x)\1",
        r"\w+",
        "a+?",
        "a**",
        "^a$",
        "[[:alpha:]]",
        "[a&&b]",
        "[]",
        "[",
        "]",
        "(",
        ")",
        "a{",
        "a{5,2}",
        "a{999}",
        "((((a))))",
        "x" * (LENGTH_MAX + 1),
        "[z-a]",
    ],
)
def test_what_may_take_ages_or_is_read_differently_elsewhere_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        check_pattern(pattern)
    with pytest.raises(SchemaError):
        Column(key="x", label="X", pattern=pattern)


pieces = st.sampled_from(["a", "[0-9]", r"\d", "[^,]", ".", "中", r"\.", "(ab|c)", "(x|y?)", "[A-Z0-9]"])
counts = st.sampled_from(["", "", "?", "*", "+", "{3}", "{1,4}"])
patterns = st.lists(st.tuples(pieces, counts).map("".join), max_size=6).map("".join)


def is_safe(pattern: str) -> bool:
    try:
        check_pattern(pattern)
    except PatternError:
        return False
    return True


@given(patterns.filter(is_safe), st.lists(st.text("ab1中.,xyA\n", max_size=12), min_size=1, max_size=5))
def test_the_columnar_engine_reads_a_safe_pattern_as_python_does(pattern: str, cells: list[str]) -> None:
    cells = [*cells, example_of(pattern)]
    columnar = pl.Series(cells).str.contains(rf"\A(?:{pattern})\z").to_list()
    assert columnar == [re.fullmatch(pattern, cell) is not None for cell in cells]


@given(st.text("ab(|)*+?{}[]-1,^.", max_size=12).filter(is_safe))
def test_whatever_is_called_safe_compiles(pattern: str) -> None:
    assert re.compile(pattern)

"""One spelling for a cell, whatever the program that wrote the file did to it."""

from __future__ import annotations

import re
import unicodedata

_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_NUMBER_WITH_POINT_ZERO = re.compile(r"([0-9]+)\.0+")
FORMULA = "#FORMULA!"
"""How a formula without a stored result begins (see readers/sheet_process.py)."""
_ERRORS = frozenset(
    ["#N/A", "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA"]
)
_SHORTENED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,3}")


def clean(cell: str, *, is_code: bool) -> str:
    """Return the cell without outer blanks and invisible characters; line breaks stay, so that they can be judged.

    Codes also lose what spreadsheets add to them: full-width digits, inner blanks, a text mark (' or =""), ".0".
    """
    if cell.isascii() and cell.isalnum():
        return cell
    if not cell.isprintable():
        cell = "".join(filter(_is_visible, cell))
    return _clean_code(cell) if is_code else cell.strip()


def looks_shortened(cell: str) -> bool:
    """Whether a spreadsheet wrote a long number as 4.03539E+11, which loses digits."""
    return _SHORTENED.fullmatch(cell) is not None


def formula_error(cell: str) -> str:
    """Return "error_cell" for the error of a formula, "formula" for one without a stored result, else ""."""
    if not cell.startswith("#"):
        return ""
    return "formula" if cell.startswith(FORMULA) else "error_cell" if cell in _ERRORS else ""


def _clean_code(cell: str) -> str:
    cell = "".join(unicodedata.normalize("NFKC", cell).split())
    if cell.startswith('="') and cell.endswith('"'):
        cell = cell[2:-1]
    cell = cell.lstrip("'`")
    number = _NUMBER_WITH_POINT_ZERO.fullmatch(cell)
    return number[1] if number else cell


def _is_visible(character: str) -> bool:
    return character in "\n\r\t" or unicodedata.category(character) not in _DROPPED_CATEGORIES

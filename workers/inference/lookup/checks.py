"""Check-digit rules that a column of a record table may name. Plain Python: the import of a dataset uses them too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

_NEXT_PRODUCT = [{str(digit): ((product + digit) % 10 or 10) * 2 % 11 for digit in range(10)} for product in range(11)]
"""The steps of MOD 11,10: from a product and the next digit to the next product (0 never occurs)."""


def iso7064_mod11_10_digit(payload: str) -> str:
    """The check digit for a string of ASCII digits, by ISO 7064 MOD 11,10 (the hybrid system).

    Raises ValueError when `payload` is empty or holds anything but ASCII digits.
    """
    if not (payload.isascii() and payload.isdecimal()):
        raise ValueError("payload must be one or more ASCII digits")
    product = 10
    for digit in payload:
        product = _NEXT_PRODUCT[product][digit]
    return str((11 - product) % 10)


def is_iso7064_mod11_10(value: str) -> bool:
    """Whether the last digit of `value` is the ISO 7064 MOD 11,10 check digit of the digits before it."""
    if len(value) < 2 or not (value.isascii() and value.isdecimal()):
        return False
    return iso7064_mod11_10_digit(value[:-1]) == value[-1]


def check_digit(rule: str, payload: str) -> str:
    """The check digit that `rule` (a key of CHECKS) puts after `payload`. Raises KeyError for an unknown rule."""
    return _DIGITS[rule](payload)


_DIGITS: Mapping[str, Callable[[str], str]] = MappingProxyType({"iso7064_mod11_10": iso7064_mod11_10_digit})

CHECKS: dict[str, Callable[[str], bool]] = {"iso7064_mod11_10": is_iso7064_mod11_10}

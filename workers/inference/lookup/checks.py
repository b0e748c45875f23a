"""Check-digit rules that a column of a record table may name. Plain Python: the import of a dataset uses them too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

NEXT_PRODUCT = [{str(digit): ((product + digit) % 10 or 10) * 2 % 11 for digit in range(10)} for product in range(11)]
"""The steps of MOD 11,10: from a product and the next digit to the next product (0 never occurs)."""
_CREDIT_CODE = {character: value for value, character in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
_CREDIT_CODE_LENGTH = 18
_BASE_36 = {character: str(value) for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


def iso7064_mod11_10_digit(payload: str) -> str:
    """The check digit for a string of ASCII digits, by ISO 7064 MOD 11,10 (the hybrid system).

    Raises ValueError when `payload` is empty or holds anything but ASCII digits.
    """
    product = 10
    for digit in _digits(payload):
        product = NEXT_PRODUCT[product][digit]
    return str((11 - product) % 10)


def luhn_digit(payload: str) -> str:
    """The check digit for a string of ASCII digits, by ISO/IEC 7812-1 annex B (Luhn; payment cards).

    Raises ValueError when `payload` is empty or holds anything but ASCII digits.
    """
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(_digits(payload))))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def gb32100_character(payload: str) -> str:
    """The check character for the first 17 characters of a unified social credit code, by GB 32100-2015 (MOD 31).

    Raises ValueError when `payload` is not of 17 characters, or one of them is none of the standard's 31.
    """
    if len(payload) != _CREDIT_CODE_LENGTH - 1 or not _CREDIT_CODE.keys() >= set(payload):
        raise ValueError("payload must be 17 digits and capital letters without I, O, S, V, Z")
    weighted = sum(_CREDIT_CODE[character] * pow(3, place, 31) for place, character in enumerate(payload))
    return list(_CREDIT_CODE)[-weighted % 31]


def iso7064_mod97_10_digits(payload: str) -> str:
    """The two check digits for digits and capital letters, by ISO 7064 MOD 97-10 (legal entity identifiers).

    Raises ValueError when `payload` is empty or holds anything else.
    """
    if not payload or not _BASE_36.keys() >= set(payload):
        raise ValueError("payload must be one or more ASCII digits and capital letters")
    return f"{98 - int(''.join(map(_BASE_36.__getitem__, payload)) + '00') % 97:02d}"


def check_digit(rule: str, payload: str) -> str:
    """The check digits that `rule` (a key of CHECKS) puts after `payload`.

    Raises KeyError for an unknown rule, ValueError for a payload that the rule knows no digits for.
    """
    return _DIGITS[rule](payload)


def _digits(payload: str) -> str:
    if not (payload.isascii() and payload.isdecimal()):
        raise ValueError("payload must be one or more ASCII digits")
    return payload


def _ends_in(digits: Callable[[str], str], *, count: int = 1) -> Callable[[str], bool]:
    """Whether a value ends in the check digits of what stands before them."""

    def holds(value: str) -> bool:
        try:
            return digits(value[:-count]) == value[-count:]
        except ValueError:
            return False

    return holds


is_iso7064_mod11_10 = _ends_in(iso7064_mod11_10_digit)

_DIGITS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "iso7064_mod11_10": iso7064_mod11_10_digit,
        "iso7064_mod97_10": iso7064_mod97_10_digits,
        "luhn": luhn_digit,
        "gb32100": gb32100_character,
    }
)

CHECK_LENGTHS: Mapping[str, int] = MappingProxyType({rule: 2 if rule == "iso7064_mod97_10" else 1 for rule in _DIGITS})
"""Rule -> how many characters at the end of a value are its check digits."""

CHECKS: dict[str, Callable[[str], bool]] = {
    rule: _ends_in(digits, count=CHECK_LENGTHS[rule]) for rule, digits in _DIGITS.items()
}
"""Rule -> whether a whole value obeys it."""

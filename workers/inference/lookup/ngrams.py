"""Character n-grams (single characters and pairs) as numbers, for many texts at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_PAIR_SHIFT = np.uint64(21)  # a Unicode character needs 21 bits
_BORDER = 10  # a line feed cannot stand in a normalised text


def gram_codes(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """(codes, owners): every character and every pair of neighbours of each text, with the text's position.

    Repeated n-grams are repeated here too. The codes are the same on every machine.
    """
    joined = "\n".join(texts).encode("utf-32-le", "surrogatepass")
    characters = np.frombuffer(joined, dtype="<u4").astype(np.uint64)
    is_border = characters == _BORDER
    owner = np.cumsum(is_border)
    is_pair = ~(is_border[:-1] | is_border[1:])
    pairs = ((characters[:-1] + np.uint64(1)) << _PAIR_SHIFT) | characters[1:]
    codes = np.concatenate([characters[~is_border], pairs[is_pair]])
    return codes, np.concatenate([owner[~is_border], owner[:-1][is_pair]])

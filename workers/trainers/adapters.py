"""An adapter folder on disk: what is written into it, and the hash by which it is known."""

from __future__ import annotations

import hashlib
from pathlib import Path

WEIGHTS = "adapter_model.safetensors"


def adapter_sha256(folder: Path) -> str:
    """SHA-256 (hexadecimal) of the adapter's weights. Raises OSError where there are none."""
    with (folder / WEIGHTS).open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()

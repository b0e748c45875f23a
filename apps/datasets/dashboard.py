from __future__ import annotations

from typing import Any


def panel(user: Any) -> dict[str, Any]:
    return {}

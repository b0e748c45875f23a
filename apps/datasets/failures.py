from __future__ import annotations

from typing import Any


class ImportFailed(Exception):
    """The import cannot go on; `code` is a key of the failure messages, `params` fill its sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Superseded(Exception):
    """Another worker has taken this import over: stop without touching anything."""


class LayoutUncertain(Exception):
    """People must say which column is which; `layout` is the proposal (a layouts.Layout)."""

    def __init__(self, layout: Any) -> None:
        super().__init__()
        self.layout = layout

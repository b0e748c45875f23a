"""How an import can end before its draft: told apart by type, because each ends elsewhere (see importing.py)."""

from __future__ import annotations

from typing import Any

from apps.datasets.layouts import Layout


class ImportFailed(Exception):
    """The import cannot go on; `code` is a key of the failure messages, `params` fill its sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Superseded(Exception):
    """The version was cancelled or deleted, or another worker has it: write nothing more."""


class LayoutUncertain(Exception):
    """People must say which column is which; `layout` is the proposal."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout

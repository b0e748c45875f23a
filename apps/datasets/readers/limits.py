"""What a file may cost at most. Operators change these in the settings; the defaults suit a server of 8 GB."""

from __future__ import annotations

from django.conf import settings

ROWS_MAX: int = settings.IMPORT_ROWS_MAX
UNPACKED_BYTES_MAX: int = settings.IMPORT_UNPACKED_BYTES_MAX
COMPRESSION_RATIO_MAX = 100
"""Sheets of a directory shrink 5 to 20 times; a thousandfold is an attack."""
RATIO_MATTERS_FROM_BYTES = 10 * 2**20
CELLS_MAX = 30_000_000
"""A sheet is held as a full rectangle of cells, blank ones too."""
WORKBOOK_MEMORY_BYTES_MAX = 3 * 2**30
"""What the process that reads a workbook may use. A directory of 150,000 rows needs under 200 MB."""

"""The adapter files of model versions: copied once, whole or not at all, and checked against their hash."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.utils.translation import gettext as _

from apps.core import files
from apps.core.errors import DomainError

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
ALLOWED_SUFFIXES = frozenset({".safetensors", ".json", ".md"})
"""Data only. A pickle (.bin, .pt) would be a program that runs when it is loaded."""


def sha256_of(directory: Path) -> str:
    """Return the SHA-256 of the adapter's weights in hex; raises DomainError("adapter_missing")."""
    try:
        return files.sha256_of(directory / WEIGHTS)
    except OSError as error:
        raise DomainError(
            "adapter_missing", _("The adapter's file %(name)s cannot be read.") % {"name": WEIGHTS}
        ) from error


def check(directory: Path, *, sha256: str) -> None:
    """Raise DomainError("adapter_changed") unless the weights have this SHA-256."""
    if sha256_of(directory) != sha256:
        raise DomainError(
            "adapter_changed", _("The adapter's file is not the one that was trained: its SHA-256 does not match.")
        )


def store(source: Path, *, target: Path, sha256: str) -> None:
    """Copy the adapter folder `source` to `target`, which appears whole or not at all.

    The copy is checked, not the source: what is registered is what was hashed. Raises DomainError: adapter_missing,
    adapter_changed, adapter_unsafe.
    """
    files = _safe_files(source)
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        for file in files:
            shutil.copyfile(file, partial / file.name)
        check(partial, sha256=sha256)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _safe_files(source: Path) -> list[Path]:
    files = sorted(source.iterdir()) if source.is_dir() else []
    for name in (WEIGHTS, CONFIG):
        if not (source / name).is_file():
            raise _missing(name)
    for file in files:
        if file.is_symlink() or not file.is_file() or file.suffix not in ALLOWED_SUFFIXES:
            raise DomainError(
                "adapter_unsafe",
                _("“%(name)s” does not belong into an adapter: only safetensors, json and md files do.")
                % {"name": file.name},
            )
    return files


def _missing(name: str) -> DomainError:
    return DomainError("adapter_missing", _("The adapter's file %(name)s cannot be read.") % {"name": name})

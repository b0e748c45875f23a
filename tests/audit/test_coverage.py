"""Nothing goes past the trail: every act that is recorded has a name, every form of the console records itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.contrib import admin

from apps.audit.actions import ACTIONS
from apps.audit.audited import AuditedAdmin
from apps.core.admin import MachineMadeAdmin

ROOT = Path(__file__).resolve().parents[2]
FORMS_OF_SERVICES = {"QuotaAdmin", "RoleAdmin", "TrainingJobAdmin", "UnitAdmin"}
"""Screens each of whose forms ends in one service, which records the act itself."""


def recorded_codes() -> Iterator[tuple[str, str]]:
    """Yield (code, file) of every text of the form `thing.verb` in calls of `record`."""
    for path in sorted(ROOT.glob("apps/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "record":
                for part in ast.walk(node.args[0]) if node.args else []:
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value:
                        yield part.value, str(path.relative_to(ROOT))


def test_every_recorded_act_has_a_label():
    unnamed = {code: file for code, file in recorded_codes() if code not in ACTIONS}
    assert unnamed == {}, "add them to apps/audit/actions.py"


def test_no_code_stands_in_two_groups():
    from apps.audit.actions import GROUPS

    assert len(ACTIONS) == sum(len(group.actions) for group in GROUPS.values())


def test_every_form_of_the_console_records_itself():
    silent = {
        type(screen).__name__
        for screen in admin.site._registry.values()
        if not isinstance(screen, MachineMadeAdmin | AuditedAdmin) and type(screen).__name__ not in FORMS_OF_SERVICES
    }
    assert silent == set(), "let them extend AuditedAdmin"

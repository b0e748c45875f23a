"""Rows and issues move from the database to columnar files beside their version (see rows.py and issues.py)."""

import json
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db import migrations

ISSUES = {
    "line": pl.UInt32,
    "code": pl.String,
    "column": pl.String,
    "value": pl.String,
    "is_warning": pl.Boolean,
    "params": pl.String,
}


def write_files(apps, schema_editor):
    for version in apps.get_model("datasets", "DatasetVersion").objects.iterator():
        directory = Path(settings.VAR_DIR) / "datasets" / str(version.pk)
        if not directory.is_dir():
            continue
        keys = [column["key"] for column in version.schema["columns"]]
        rows = version.records.order_by("line").values_list("line", "cells")
        if version.status in ("draft", "finalised"):
            columns = {"#line": pl.UInt32, **dict.fromkeys(keys, pl.String)}
            table = pl.DataFrame([(line, *cells) for line, cells in rows.iterator()], schema=columns, orient="row")
            table.write_ipc(directory / "rows.arrow", record_batch_size=20_000)
        fields = ("line", "code", "column", "value", "severity", "params")
        issues = [
            (line, code, column, value, severity == "warning", json.dumps(params) if params else "")
            for line, code, column, value, severity, params in version.issues.order_by("line", "id").values_list(*fields)
        ]
        pl.DataFrame(issues, schema=ISSUES, orient="row").write_ipc(directory / "issues.arrow", record_batch_size=20_000)


def _with_unique_identifier(schema):
    """No two rows had the same identifier before schemas could say so."""
    columns = [
        {**column, "unique": True} if column.get("role") == "identifier" and "unique" not in column else column
        for column in schema.get("columns", [])
    ]
    return {**schema, "columns": columns}


def identifiers_are_unique(apps, schema_editor):
    for model in ("Dataset", "DatasetVersion"):
        for row in apps.get_model("datasets", model).objects.iterator():
            row.schema = _with_unique_identifier(row.schema)
            row.save(update_fields=["schema"])


class Migration(migrations.Migration):
    dependencies = [("datasets", "0004_uploads")]

    operations = [
        migrations.RunPython(write_files, migrations.RunPython.noop),
        migrations.RunPython(identifiers_are_unique, migrations.RunPython.noop),
        migrations.DeleteModel(name="ImportIssue"),
        migrations.DeleteModel(name="Record"),
    ]

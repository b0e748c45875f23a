"""What the import of a version has found: its rows, and what is wrong with others."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.datasets.messages import Message, issue_message
from apps.datasets.models.versions import DatasetVersion

CELL_LENGTH_MAX = 500
VALUE_LENGTH_MAX = 200


class Record(models.Model):
    """One accepted row. Written in bulk by the import, read-only after."""

    version = models.ForeignKey(DatasetVersion, models.CASCADE, related_name="records", verbose_name=_("version"))
    line = models.PositiveIntegerField(_("line"))
    name = models.CharField(_("name"), max_length=CELL_LENGTH_MAX)
    identifier = models.CharField(_("identifier"), max_length=CELL_LENGTH_MAX, blank=True)
    cells = models.JSONField(_("cells"))

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        ordering = ["version", "line"]
        constraints = [models.UniqueConstraint(fields=["version", "line"], name="record_line")]
        indexes = [models.Index(fields=["version", "identifier"], name="record_identifier")]

    def __str__(self) -> str:
        return f"{self.name} {self.identifier}".strip()


class ImportIssue(models.Model):
    """Something the import found on one line: an error (the row was skipped) or a warning (the row was taken)."""

    class Severity(models.TextChoices):
        ERROR = "error", _("error")
        WARNING = "warning", _("warning")

    version = models.ForeignKey(DatasetVersion, models.CASCADE, related_name="issues", verbose_name=_("version"))
    line = models.PositiveIntegerField(_("line"))
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    column = models.CharField(_("column"), max_length=150, blank=True)
    value = models.CharField(_("value"), max_length=VALUE_LENGTH_MAX, blank=True)
    code = models.CharField(_("code"), max_length=40)
    params = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("import issue")
        verbose_name_plural = _("import issues")
        ordering = ["version", "line", "id"]
        indexes = [models.Index(fields=["version", "severity", "line"], name="import_issue_severity")]

    def __str__(self) -> str:
        return f"{self.line}: {self.message.sentence}"

    @property
    def message(self) -> Message:
        return issue_message(self.code, {"column": self.column, "value": self.value, **self.params})

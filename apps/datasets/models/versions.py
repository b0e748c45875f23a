"""Datasets and their versions; the rows lie in files beside these (see rows.py).

    uploaded -> importing -> draft -> finalised
                importing -> confirming -> uploaded (people say which column is which)
                importing -> failed -> uploaded (again)
    draft -> uploaded (its columns were wrong: people choose them again)
    uploaded, importing, confirming -> cancelled -> uploaded (again)

The step to `importing` is taken by `lease.claim`, also from `importing` itself where the worker died.

A finalised version never changes: training, models and answers refer to it by its hash.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.access import AccessQuerySet, Level
from apps.core.errors import DomainError
from apps.core.models import Identified, Shareable, Stateful
from apps.datasets.messages import failure_message
from workers.inference.lookup.schema import SchemaError, TableSchema

KINDS: dict[str, str] = {"record_table": "apps.datasets.importing.import_record_table"}
"""Plug point: kind of dataset -> dotted path of its importer, a function `(version)` that leaves a draft or raises."""

KIND_LABELS = {"record_table": _("record table")}

ATTEMPTS_MAX = 3
"""How many workers an import may cost before it is given up."""


class Dataset(Identified, Shareable):
    LEVELS = (
        Level("use", _("Use"), _("Sees the dataset, its versions and their rows."), ("view_dataset",)),
        Level(
            "manage",
            _("Manage"),
            _("May also upload, finalise and activate versions, change the dataset, and share it with others."),
            ("view_dataset", "change_dataset"),
        ),
    )

    name = models.CharField(_("name"), max_length=150, unique=True)
    description = models.TextField(_("description"), blank=True)
    kind = models.CharField(_("kind"), max_length=40, choices=list(KIND_LABELS.items()), default="record_table")
    schema = models.JSONField(_("schema"))
    """What the next version is read by; a version keeps the one it was read by."""
    layouts = models.JSONField(_("remembered layouts"), default=dict, blank=True, editable=False)
    """Confirmed layouts by the signature of a file's head, so that the same kind of file is not asked about twice."""
    draft_days = models.PositiveSmallIntegerField(
        _("keep drafts for (days)"),
        null=True,
        blank=True,
        help_text=_(
            "Removed after so many days without a change: drafts, imports that failed or were cancelled, and those "
            "that wait for their columns to be confirmed. Empty: the platform's rule. 0: never."
        ),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("created by"), editable=False
    )
    active_version = models.ForeignKey(
        "DatasetVersion",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("active version"),
    )

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            TableSchema.from_dict(self.schema or {})
        except SchemaError as error:
            raise ValidationError({"schema": str(error)}) from error

    @property
    def table_schema(self) -> TableSchema:
        return TableSchema.from_dict(self.schema)


class DatasetVersionQuerySet(AccessQuerySet):
    def finalised(self) -> DatasetVersionQuerySet:
        return self.filter(status=DatasetVersion.Status.FINALISED)

    def with_rows(self) -> DatasetVersionQuerySet:
        return self.filter(status__in=DatasetVersion.WITH_ROWS)


class DatasetVersion(Identified, Stateful):
    PART_OF = "dataset"

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        IMPORTING = "importing", _("importing")
        CONFIRMING = "confirming", _("columns to be confirmed")
        DRAFT = "draft", _("draft")
        FINALISED = "finalised", _("finalised")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Origin(models.TextChoices):
        UPLOAD = "upload", _("upload")
        REVALIDATION = "revalidation", _("read again under a new schema")
        RESTORATION = "restoration", _("restored")

    class Stage(models.TextChoices):
        READING = "reading", _("Reading and checking rows")
        INDEXING = "indexing", _("Building the search index")

    TRANSITIONS = {
        Status.UPLOADED: frozenset({Status.IMPORTING, Status.CANCELLED}),
        Status.IMPORTING: frozenset({Status.DRAFT, Status.FAILED, Status.CONFIRMING, Status.CANCELLED}),
        Status.CONFIRMING: frozenset({Status.UPLOADED, Status.CANCELLED}),
        Status.FAILED: frozenset({Status.UPLOADED}),
        Status.CANCELLED: frozenset({Status.UPLOADED}),
        Status.DRAFT: frozenset({Status.FINALISED, Status.UPLOADED}),
        Status.FINALISED: frozenset(),
    }
    WITH_ROWS = frozenset({Status.DRAFT, Status.FINALISED})
    GIVEN_UP = frozenset({Status.FAILED, Status.CANCELLED})

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="versions", verbose_name=_("dataset"))
    number = models.PositiveIntegerField(_("number"))
    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.UPLOADED, db_index=True
    )
    origin = models.CharField(_("made by"), max_length=20, choices=Origin.choices, default=Origin.UPLOAD)
    derived_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="derived", verbose_name=_("made from")
    )
    schema = models.JSONField(_("schema"), default=dict)
    asks_layout = models.BooleanField(_("ask which column is which"), default=False)
    layout = models.JSONField(_("layout"), default=dict, blank=True)
    """Where the columns are in the file, as confirmed or recognised (layouts.Layout as plain data); {} = recognise."""
    indexed_at = models.DateTimeField(_("search index built"), null=True, blank=True)

    source_name = models.CharField(_("file"), max_length=200)
    source_bytes = models.PositiveBigIntegerField(_("file size"))
    source_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    content_sha256 = models.CharField(_("SHA-256 of the content"), max_length=64, blank=True)

    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    last_attempt = models.PositiveIntegerField(_("last attempt"), default=ATTEMPTS_MAX)
    """Attempts fence off lost workers, so they only ever count up; whoever starts the import anew moves this limit."""
    heartbeat = models.DateTimeField(_("heartbeat"), null=True, blank=True)
    stage = models.CharField(_("stage"), max_length=20, choices=Stage.choices, blank=True)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0, validators=[MaxValueValidator(100)])
    rows_total = models.PositiveIntegerField(_("rows, estimated"), default=0)
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    rows_accepted = models.PositiveIntegerField(_("rows accepted"), default=0)
    rows_skipped = models.PositiveIntegerField(_("rows skipped"), default=0)
    warning_count = models.PositiveIntegerField(_("warnings"), default=0)
    receipt = models.JSONField(_("receipt"), default=dict, blank=True)
    failure = models.JSONField(_("failure"), default=dict, blank=True)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    finalised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("finalised by"),
    )
    finalised_at = models.DateTimeField(_("finalised"), null=True, blank=True)

    objects = DatasetVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("dataset version")
        verbose_name_plural = _("dataset versions")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_number"),
            models.CheckConstraint(name="dataset_version_progress", condition=Q(progress__lte=100)),
            models.CheckConstraint(
                name="dataset_version_rows_add_up",
                condition=~Q(status__in=["draft", "finalised"]) | Q(rows_read=F("rows_accepted") + F("rows_skipped")),
            ),
            models.CheckConstraint(
                name="dataset_version_finalised_is_signed",
                condition=~Q(status="finalised")
                | (Q(finalised_at__isnull=False, finalised_by__isnull=False) & ~Q(content_sha256="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset.name} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._refuse_if_finalised()
        self.schema = self.schema or self.dataset.schema
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._refuse_if_finalised()
        return super().delete(*args, **kwargs)

    def _refuse_if_finalised(self) -> None:
        """The stored row decides, not the object: it may have been read before somebody finalised it."""
        if DatasetVersion.objects.finalised().filter(pk=self.pk).exists():
            raise DomainError("finalised", str(_("This version is finalised; nothing of it can be changed any more.")))

    @property
    def table_schema(self) -> TableSchema:
        return TableSchema.from_dict(self.schema)

    @property
    def is_active(self) -> bool:
        return self.dataset.active_version_id == self.pk

    @property
    def is_moving(self) -> bool:
        """Whether the import is still to come or under way."""
        return self.status in {self.Status.UPLOADED, self.Status.IMPORTING}

    @property
    def has_rows(self) -> bool:
        return self.status in self.WITH_ROWS

    @property
    def is_given_up(self) -> bool:
        """Whether the import has ended without rows; it can be started again."""
        return self.status in self.GIVEN_UP

    @property
    def is_indexing(self) -> bool:
        """Whether the version is there, but its search index is still to come."""
        return self.has_rows and self.indexed_at is None

    @property
    def directory(self) -> Path:
        return Path(settings.VAR_DIR) / "datasets" / str(self.pk)

    @property
    def source_file(self) -> Path:
        return self.directory / f"source{Path(self.source_name).suffix.lower()}"

    @property
    def head_file(self) -> Path:
        """The first rows of the file (see readers/head.py)."""
        return self.directory / "head.json"

    @property
    def rows_file(self) -> Path:
        return self.directory / "rows.csv"

    @property
    def columns_file(self) -> Path:
        """The rows once more, by column (see rows.py)."""
        return self.directory / "rows.arrow"

    @property
    def issues_file(self) -> Path:
        """Every row that was skipped or warned about (see issues.py)."""
        return self.directory / "issues.arrow"

    @property
    def index_directory(self) -> Path:
        return self.directory / "index"

    @property
    def progress_text(self) -> str:
        if self.status == self.Status.UPLOADED:
            return str(_("Waiting for a worker"))
        if self.is_indexing:
            return str(self.Stage.INDEXING.label)
        if self.status != self.Status.IMPORTING:
            return str(self.get_status_display())
        if self.stage == self.Stage.READING:
            rows = {"read": f"{self.rows_read:,}", "total": f"{self.rows_total:,}"}
            return str(_("Reading and checking rows: %(read)s of about %(total)s") % rows)
        return str(self.get_stage_display())

    @property
    def error(self) -> str:
        """What made the import fail, as a sentence; "" where it did not."""
        return failure_message(self.failure).sentence

    @property
    def remedy(self) -> str:
        return failure_message(self.failure).remedy

"""Going back: an old version's content becomes the newest version, without reading the file again."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.datasets.diffing import CACHE_PREFIX
from apps.datasets.indexing import demand_index
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.services import activate, check_rows_file, last_number
from apps.datasets.uploads import link_or_copy, new_folder
from apps.users.models import User

_CARRIED = (
    "dataset",
    "schema",
    "layout",
    "receipt",
    "source_name",
    "source_bytes",
    "source_sha256",
    "content_sha256",
    "progress",
    "rows_total",
    "rows_read",
    "rows_accepted",
    "rows_skipped",
    "warning_count",
)


def restore(version: DatasetVersion, *, actor: User) -> DatasetVersion:
    """Make the next version with the content of a finalised one: finalised by `actor`, active at once.

    Its files, the search index among them, are second names of the same bytes. Raises DomainError: "not_finalised",
    "index_missing", "already_active" where the active version has this content, "content_changed", "disk_full".
    """
    refuse_restoration(version)
    check_rows_file(version)
    now = timezone.now()
    restored = DatasetVersion(
        **{name: getattr(version, name) for name in _CARRIED},
        status=DatasetVersion.Status.FINALISED,
        origin=DatasetVersion.Origin.RESTORATION,
        derived_from=version,
        indexed_at=now,
        created_by=actor,
        finalised_by=actor,
        finalised_at=now,
    )
    with transaction.atomic():
        version.dataset = Dataset.objects.select_for_update().get(pk=version.dataset_id)
        refuse_restoration(version)
        with new_folder(restored.directory):
            _give_second_names(version.directory, restored.directory)
            restored.number = last_number(version.dataset) + 1
            restored.save(force_insert=True)
            origin = {"restored": version.number, "content_sha256": version.content_sha256}
            record("dataset_version.restored", actor=actor, target=restored, after=origin)
            activate(restored, actor=actor)
    return restored


def refuse_restoration(version: DatasetVersion) -> None:
    """Raise DomainError where `restore` would, as far as the rows tell: before somebody is asked whether to."""
    if version.status != DatasetVersion.Status.FINALISED:
        raise DomainError("not_finalised", _("Only a finalised version can be restored."))
    demand_index(version)
    version.dataset.refresh_from_db(fields=["active_version"])
    active = version.dataset.active_version
    if active and (active.content_sha256, active.schema) == (version.content_sha256, version.schema):
        message = _("%(active)s, which is active now, has exactly this content: there is nothing to restore.")
        raise DomainError("already_active", message % {"active": f"v{active.number}"})


def _give_second_names(source: Path, target: Path) -> None:
    for path in source.iterdir():
        if path.name.startswith((".", CACHE_PREFIX)):
            continue
        if path.is_dir():
            (target / path.name).mkdir(mode=0o750)
            _give_second_names(path, target / path.name)
        else:
            link_or_copy(path, target / path.name)

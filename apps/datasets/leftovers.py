"""What lies on the disk for no version: removed by whoever comes last, the verb that ended it or its worker."""

from __future__ import annotations

import shutil

from apps.datasets.models import DatasetVersion


def remove_leftovers(version: DatasetVersion) -> None:
    """Remove the folder of a version that is gone, and all but the file as uploaded where its import was cancelled.

    The stored row decides, not the object; a version that lives keeps everything. Both sides call this after they
    have let go: what the worker was still writing when the verb cleaned up, the worker removes itself.
    """
    status = DatasetVersion.objects.filter(pk=version.pk).values_list("status", flat=True).first()
    if status is None:
        shutil.rmtree(version.directory, ignore_errors=True)
    elif status == DatasetVersion.Status.CANCELLED:
        for path in version.directory.iterdir() if version.directory.exists() else ():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path != version.source_file:
                path.unlink(missing_ok=True)

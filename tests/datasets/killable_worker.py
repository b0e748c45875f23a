"""A real Celery worker that stands still right after one call of its import, so that it is killed just there.

python -m tests.datasets.killable_worker DOTTED_NAME CALL    (VAR_DIR/reached says that it stands there)
python -m tests.datasets.killable_worker                     (it goes to the end)
"""

from __future__ import annotations

import sys
import threading
from functools import wraps
from pathlib import Path


def stand_still_after(dotted_name: str, call: int) -> None:
    """Make the function stop for ever when it has done its work for the `call`th time."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    owner_name, _, name = dotted_name.rpartition(".")
    owner = sys.modules.get(owner_name) or import_string(owner_name)
    function, calls = getattr(owner, name), iter(range(1, call + 1))

    @wraps(function)
    def stopping(*args, **kwargs):
        result = function(*args, **kwargs)
        if next(calls, call) == call:
            (Path(settings.VAR_DIR) / "reached").touch()
            threading.Event().wait()
        return result

    setattr(owner, name, stopping)


def main() -> None:
    import django

    from mozhu import celery_app

    django.setup()
    from apps.datasets import importing, indexing  # noqa: F401  (what is to stand still is loaded)

    if len(sys.argv) > 1:
        stand_still_after(sys.argv[1], int(sys.argv[2]))
    celery_app.worker_main(["worker", "--pool", "threads", "--concurrency", "2", "-Q", "default", "-l", "warning"])


if __name__ == "__main__":
    main()

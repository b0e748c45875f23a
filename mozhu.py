"""The import name of the folder platform/.

`platform` is a standard-library module, so the folder must not be a package of that name; it has no `__init__.py`, and
this module makes its files importable as `mozhu.settings`, `mozhu.asgi` and so on.
"""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parent / "platform")]

from mozhu.celery import app as celery_app

__all__ = ["celery_app"]

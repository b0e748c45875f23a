from django.db import connections

from tests.environment import SCRATCH
from tests.registry.directory import data, engine, live, make_adapter, make_data, make_version  # noqa: F401

if connections["default"].vendor == "sqlite":
    # A file, as in production: threads that share an in-memory database lock each other out at once.
    connections["default"].settings_dict["TEST"]["NAME"] = str(SCRATCH / "test.sqlite3")

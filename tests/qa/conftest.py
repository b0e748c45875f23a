from tests.registry.directory import data, engine, live, make_adapter, make_data, make_version  # noqa: F401

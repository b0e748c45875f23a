#!/usr/bin/env python
"""Mozhu's command line: `up`, `demo`, `migrate` and every other Django command."""

import os
import sys

import mozhu  # noqa: F401  (registers the Celery app before Django starts)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mozhu.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

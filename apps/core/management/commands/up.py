"""`manage.py up`: the whole embedded product in the foreground."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.embedded import NotReady, Plan, running
from apps.core.supervision import StartFailed


class Command(BaseCommand):
    help = "Start everything (broker, engine, worker, beat, web) in the foreground; Ctrl-C stops all of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the web server on 127.0.0.1")

    def handle(self, *args: Any, **options: Any) -> None:
        plan = Plan.from_environment(port=options["port"])
        try:
            with running(plan, say=self.say) as supervisor:
                self.say(f"Mozhu is up: {plan.address}  (console: {plan.address}/admin/, Ctrl-C stops everything)")
                supervisor.watch()
        except (NotReady, StartFailed) as problem:
            raise CommandError(str(problem)) from problem

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

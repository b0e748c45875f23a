"""`manage.py demo`: the main job from nothing, on the embedded product, then the server stays up."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from apps.core.demo import Demo, DemoFailed, table
from apps.core.embedded import ROOT, NotReady, Plan, running
from apps.core.supervision import StartFailed

ROWS = 5000
SEED = 7
PEOPLE = {"admin": "administrator", "teller": "user"}


class Command(BaseCommand):
    help = "Upload a demo directory, train, evaluate, register, activate, ask five questions; then keep the server up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the web server on 127.0.0.1")
        parser.add_argument("--preset", default="demo", help="training preset")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        plan = Plan.from_environment(port=options["port"])
        self.say(
            f"The demo: {ROWS} bank branches are uploaded, a small model is trained on them and asked. About 4 minutes."
        )
        try:
            with running(plan, say=self.say) as supervisor:
                demo = self.prepare(plan, tend=supervisor.tend)
                if demo.live_model():
                    self.say(
                        "The demo's model is live already, so nothing is trained again (`make clean` starts over)."
                    )
                else:
                    demo.run(self.directory_file(), parameters_preset=options["preset"])
                for line in table(demo.ask()):
                    self.say(line)
                self.say(f"Done after {time.monotonic() - started:.0f} s.")
                if os.environ.get("DEMO_EXIT") != "1":
                    self.say(
                        f"Mozhu stays up: {plan.address}  (console: {plan.address}/admin/, Ctrl-C stops everything)"
                    )
                    supervisor.watch()
        except (NotReady, StartFailed, DemoFailed) as problem:
            raise CommandError(str(problem)) from problem

    def prepare(self, plan: Plan, **hooks: Any) -> Demo:
        """Make the two demo users, print their passwords once, and return the driver of the API."""
        self.say(f"Mozhu is up: {plan.address}")
        tokens = {name: self.token_of(name, role) for name, role in PEOPLE.items()}
        return Demo(plan.address, tokens["admin"], tokens["teller"], self.say, **hooks)

    def token_of(self, name: str, role: str) -> str:
        people = get_user_model().objects
        person = people.filter(username=name).first()
        if person is None:
            password = secrets.token_urlsafe(12)
            person = people.create_user(name, password, display_name=name.capitalize())
            import_string("apps.users.services.give_role")(person, role)
            self.say(f"  {role:<14} user name {name:<7} password {password}   (shown only now)")
        else:
            self.say(
                f"  {role:<14} user name {name:<7} (new password: .venv/bin/python manage.py changepassword {name})"
            )
        return str(import_string("apps.users.tokens.issue")(person).access)

    def directory_file(self) -> Path:
        """Make the demo directory by its seeded generator."""
        path = Path(settings.VAR_DIR) / "demo" / "bank_branches.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        generate = [sys.executable, "-m", "fixtures.directory", "--rows", str(ROWS), "--seed", str(SEED), str(path)]
        subprocess.run(generate, cwd=ROOT, check=True)
        return path

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

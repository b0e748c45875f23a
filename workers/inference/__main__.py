"""`python -m workers.inference --host 127.0.0.1 --port P`: the engine that lets trained models answer over HTTP."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# Read when torch is loaded: waiting threads sleep, since the engine shares its cores with web processes.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import uvicorn

from workers.inference.generation.api import create_app
from workers.inference.generation.loading import ModelError, choose_device
from workers.inference.generation.models import LoadedModels


def main() -> int:
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    try:
        models = LoadedModels(adapters_root=arguments.adapters_root, device=choose_device(), base=arguments.base)
    except ModelError as error:
        sys.stderr.write(f"{error.message}. {error.remedy}\n")
        return 1
    uvicorn.run(create_app(models), host=arguments.host, port=arguments.port, log_level="warning")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers.inference", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--base", default="", help="base model (folder or hub id) to load at the start")
    parser.add_argument(
        "--adapters-root", type=Path, default=Path("var/models"), help="adapters are loaded from under here only"
    )
    parser.add_argument(
        "--threads", type=int, default=1, help="CPU threads of torch; one is fastest for small models (default: 1)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

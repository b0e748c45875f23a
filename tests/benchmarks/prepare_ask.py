"""Fill the database of the environment with a live directory and print an access token. Run by bench_ask.

python -m tests.benchmarks.prepare_ask DIRECTORY.csv
"""

from __future__ import annotations

import sys
from pathlib import Path

import mozhu  # noqa: F401
from mozhu.asgi import application  # noqa: F401  (sets Django up)

from django.core.management import call_command  # isort: skip


def main(path: Path) -> None:
    from rest_framework_simplejwt.tokens import AccessToken

    from apps.datasets.importing import import_version
    from apps.datasets.indexing import index_version
    from apps.datasets.services import activate, create_dataset, finalise, upload_version
    from apps.registry.models import ModelVersion
    from apps.registry.services import model_for_dataset
    from apps.users import tokens
    from apps.users.models import User

    call_command("migrate", verbosity=0)
    user = User.objects.create_superuser("bench", "correct horse battery")
    dataset = create_dataset(name="bench", preset="bank_branches", actor=user)
    with path.open("rb") as file:
        version = upload_version(dataset, file=file, name=path.name, actor=user)
    import_version(str(version.pk))
    index_version(str(version.pk))
    version.refresh_from_db()
    finalise(version, actor=user)
    activate(version, actor=user)
    model = model_for_dataset(dataset, actor=user)
    model.active_version = ModelVersion.objects.create(
        model=model, number=1, base_model="none", dataset_version=version, adapter_sha256="0" * 64, created_by=user
    )
    model.save()
    token = AccessToken(tokens.issue(user).access)
    token.set_exp(lifetime=token.lifetime * 10)
    print(token)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

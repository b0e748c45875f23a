from django.db import migrations

from apps.audit.append_only import install, remove


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0001_entries_and_archives"),
    ]

    operations = [
        migrations.RunPython(install, remove),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("qa", "0002_initial")]

    operations = [
        migrations.AddField(
            model_name="question",
            name="tokens",
            field=models.PositiveIntegerField(default=0, verbose_name="tokens"),
        ),
    ]

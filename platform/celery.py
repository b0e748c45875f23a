"""The Celery application: `celery -A mozhu worker`, and the queue that apps send to by task name."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mozhu.settings")

app = Celery("mozhu")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()

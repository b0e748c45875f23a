from django.urls import path

from apps.training.consumers import JobConsumer

websocket_urlpatterns = [path("ws/training/jobs/<uuid:job_id>/", JobConsumer.as_asgi())]

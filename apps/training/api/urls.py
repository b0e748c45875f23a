from django.urls import path

from apps.training.api.views import JobViewSet, PresetsView
from apps.training.models import TrainingJob
from apps.users.api.grants import GrantsView, GrantView

urlpatterns = [
    path("", JobViewSet.as_view({"get": "list", "post": "create"}), name="jobs"),
    path("presets", PresetsView.as_view(), name="job-presets"),
    path("<uuid:id>/", JobViewSet.as_view({"get": "retrieve"}), name="job"),
    path("<uuid:id>/cancel", JobViewSet.as_view({"post": "cancel"}), name="job-cancel"),
    path("<uuid:id>/events", JobViewSet.as_view({"get": "events"}), name="job-events"),
    path("<uuid:id>/grants", GrantsView.as_view(model=TrainingJob), name="job-grants"),
    path("<uuid:id>/grants/<str:kind>/<int:holder>", GrantView.as_view(model=TrainingJob), name="job-grant"),
]

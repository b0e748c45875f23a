from django.urls import path

from apps.training.api.views import JobViewSet, PresetsView

urlpatterns = [
    path("", JobViewSet.as_view({"get": "list", "post": "create"}), name="jobs"),
    path("presets", PresetsView.as_view(), name="job-presets"),
    path("<uuid:id>/", JobViewSet.as_view({"get": "retrieve"}), name="job"),
    path("<uuid:id>/cancel", JobViewSet.as_view({"post": "cancel"}), name="job-cancel"),
    path("<uuid:id>/events", JobViewSet.as_view({"get": "events"}), name="job-events"),
]

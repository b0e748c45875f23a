from django.urls import path

from apps.registry.api.views import ModelViewSet
from apps.registry.models import RegisteredModel
from apps.users.api.grants import GrantsView, GrantView

one = "<slug:slug>/"
shared = {"model": RegisteredModel, "lookup": "slug"}
urlpatterns = [
    path("", ModelViewSet.as_view({"get": "list"}), name="model-list"),
    path(one, ModelViewSet.as_view({"get": "retrieve"}), name="model-detail"),
    path(one + "versions", ModelViewSet.as_view({"get": "versions"}), name="model-versions"),
    path(one + "activate", ModelViewSet.as_view({"post": "activate"}), name="model-activate"),
    path(one + "rollback", ModelViewSet.as_view({"post": "rollback"}), name="model-rollback"),
    path(one + "test", ModelViewSet.as_view({"post": "test"}), name="model-test"),
    path(one + "grants", GrantsView.as_view(**shared), name="model-grants"),
    path(one + "grants/<str:kind>/<int:holder>", GrantView.as_view(**shared), name="model-grant"),
]

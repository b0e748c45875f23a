"""One's own profile and usage over the API."""

from __future__ import annotations

from typing import Any, cast

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.users import quotas, services
from apps.users.api.keys import KeysView, KeyView
from apps.users.models import User


class ProfileSerializer(serializers.ModelSerializer[User]):
    roles = serializers.ListField(child=serializers.CharField(), source="role_names", read_only=True)
    email = serializers.CharField(read_only=True, help_text="Empty where none is known.")
    units: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "display_name", "email", "language", "roles", "units"]
        read_only_fields = ["id", "username", "email"]


class StandingSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    whose = serializers.CharField(source="whose.kind", help_text="user, unit or key")
    limit = serializers.IntegerField()
    used = serializers.FloatField()
    resets_at = serializers.DateTimeField(allow_null=True, help_text="null: only giving something up helps.")


class UsageSerializer(serializers.Serializer[Any]):
    quotas = StandingSerializer(many=True, help_text="Every quota that applies to you; none: nothing limits you.")


class ProfileView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=ProfileSerializer)
    def get(self, request: Request) -> Response:
        """Return who one is here."""
        return Response(ProfileSerializer(cast(User, request.user)).data)

    @extend_schema(request=ProfileSerializer, responses=ProfileSerializer)
    def patch(self, request: Request) -> Response:
        """Change one's display name or language."""
        user = cast(User, request.user)
        form = ProfileSerializer(user, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return Response(ProfileSerializer(services.change_profile(user, **form.validated_data)).data)


class UsageView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=UsageSerializer)
    def get(self, request: Request) -> Response:
        """Return where one stands with every quota that applies."""
        return Response(UsageSerializer({"quotas": quotas.standings_of(request.user)}).data)


urlpatterns = [
    path("", ProfileView.as_view(), name="account"),
    path("keys", KeysView.as_view(), name="account-keys"),
    path("keys/<uuid:id>", KeyView.as_view(), name="account-key"),
    path("usage", UsageView.as_view(), name="account-usage"),
]

"""One's own API keys over the API. Closed to keys themselves: a stolen key cannot make another."""

from __future__ import annotations

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.users import keys
from apps.users.authentication import demand_fresh_proof
from apps.users.models import ApiKey, User
from apps.users.scopes import SCOPES


class KeySerializer(serializers.ModelSerializer[ApiKey]):
    state = serializers.ChoiceField(choices=ApiKey.State.choices, read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "name",
            "prefix",
            "scopes",
            "state",
            "created_at",
            "expires_at",
            "last_used_at",
            "last_address",
            "revoked_at",
        ]
        read_only_fields = fields


class NewKeySerializer(serializers.Serializer[None]):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=[(s, s) for s in SCOPES]), max_length=20)
    days = serializers.IntegerField(default=90, min_value=1, help_text="How long the key works.")


class MadeKeySerializer(KeySerializer):
    key = serializers.CharField(read_only=True, help_text="The key itself. It is not shown again.")

    class Meta(KeySerializer.Meta):
        fields = [*KeySerializer.Meta.fields, "key"]
        read_only_fields = fields


class KeysView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="account_keys_list", responses=KeySerializer(many=True))
    def get(self, request: Request) -> Response:
        """List one's own keys, newest first, also those that no longer work."""
        return Response(KeySerializer(ApiKey.objects.filter(user=cast(User, request.user)), many=True).data)

    @extend_schema(request=NewKeySerializer, responses={201: MadeKeySerializer})
    def post(self, request: Request) -> Response:
        """Make a key. Its text is in this answer and never again. Who makes one has signed in lately (else 403)."""
        demand_fresh_proof(request)
        form = NewKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key, text = keys.make_key(owner=cast(User, request.user), **form.validated_data)
        return Response({**KeySerializer(key).data, "key": text}, status=201)


class KeyView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, id: Any) -> Response:  # noqa: A002  (the name in the address)
        """Revoke one of one's own keys; it stops working at once."""
        user = cast(User, request.user)
        keys.revoke_key(get_object_or_404(ApiKey, user=user, pk=id), actor=user)
        return Response(status=204)

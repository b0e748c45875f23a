"""Sharing over the API, for every model that can be shared: one pair of views, put below the row's address.

path("<uuid:id>/grants", GrantsView.as_view(model=Dataset)),
path("<uuid:id>/grants/<str:kind>/<int:holder>", GrantView.as_view(model=Dataset)),
"""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import DomainError
from apps.core.models import Shareable
from apps.core.permissions import StatedPermission
from apps.users import granting


class LevelSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name is the API's
    sentence = serializers.CharField()


class ShareSerializer(serializers.Serializer[granting.Share]):
    kind = serializers.ChoiceField(choices=list(granting.KINDS))
    id = serializers.IntegerField(source="to.pk")
    name = serializers.CharField(source="to.__str__")
    level = serializers.CharField(source="level.key", allow_null=True, default=None, help_text="null: of no level.")
    permissions = serializers.ListField(child=serializers.CharField())


class NewShareSerializer(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=list(granting.KINDS))
    id = serializers.IntegerField(min_value=1, help_text="Of the person, role or unit.")
    level = serializers.CharField(max_length=20, help_text="A `key` of `levels`.")


class SharesSerializer(serializers.Serializer[dict[str, Any]]):
    levels = LevelSerializer(many=True)
    grants = ShareSerializer(many=True)
    roles = serializers.ListField(child=serializers.CharField(), help_text="Roles that see every row of this kind.")


class OfSharedRow(APIView):
    """Only who manages the row, or may change every row, comes in. An API key does not: it must not make friends."""

    permission_classes = [IsAuthenticated & StatedPermission]
    model: Any = Shareable
    lookup = "id"

    @property
    def required_permissions(self) -> dict[str, str]:
        change = f"{self.model._meta.app_label}.change_{self.model._meta.model_name}"
        return dict.fromkeys(("GET", "POST", "DELETE"), change)

    def granted_row(self) -> Shareable:
        rows: Any = self.model._default_manager.visible_to(self.request.user)
        row: Shareable = get_object_or_404(rows, **{self.lookup: self.kwargs[self.lookup]})
        return row


class GrantsView(OfSharedRow):
    @extend_schema(responses=SharesSerializer)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Return who was granted what on this row, the levels there are, and the roles that see every row."""
        row = self.granted_row()
        roles = [role.name for role in granting.roles_that_see(row)]
        told = {"levels": row.LEVELS, "grants": granting.shares_of(row), "roles": roles}
        return Response(SharesSerializer(told).data)

    @extend_schema(request=NewShareSerializer, responses={201: ShareSerializer})
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Share the row with a person, a role or a unit: exactly at this level, whatever they had before."""
        row = self.granted_row()
        form = NewShareSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        to = granting.receivers(given["kind"], actor=request.user).filter(pk=given["id"]).first()
        if to is None:
            sentence = _("There is nobody of this name that you can share with.")
            raise DomainError("invalid", sentence, fields={"id": sentence})
        share = granting.grant(row, to=to, level=given["level"], actor=request.user)
        return Response(ShareSerializer(share).data, status=201)


class GrantView(OfSharedRow):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, kind: str, holder: int, **kwargs: Any) -> Response:
        """Take back whatever was granted to this person, role or unit on the row."""
        row = self.granted_row()
        to = granting.shared_with(row, kind, holder)
        if to is None:
            raise NotFound
        granting.revoke(row, to=to, actor=request.user)
        return Response(status=204)

from __future__ import annotations

from rest_framework import serializers

from apps.users.models import User


class UserSerializer(serializers.ModelSerializer[User]):
    roles = serializers.ListField(child=serializers.CharField(), source="role_names", read_only=True)
    email = serializers.CharField(read_only=True, help_text="Empty where none is known.")

    class Meta:
        model = User
        fields = ["id", "username", "display_name", "email", "roles", "is_superuser"]
        read_only_fields = fields


class LoginSerializer(serializers.Serializer[None]):
    username = serializers.CharField(max_length=254, help_text="User name or e-mail address.")
    password = serializers.CharField(max_length=1024, trim_whitespace=False, style={"input_type": "password"})
    otp = serializers.CharField(
        max_length=20, required=False, default="", allow_blank=True, help_text="Code of the second factor, if it is on."
    )


class AccessSerializer(serializers.Serializer[None]):
    access = serializers.CharField(help_text="JWT for the header `Authorization: Bearer ...`.")
    expires_in = serializers.IntegerField(help_text="Seconds.")


class LoginAnswerSerializer(AccessSerializer):
    user = UserSerializer()


class PasswordSerializer(serializers.Serializer[None]):
    current = serializers.CharField(max_length=1024, trim_whitespace=False)
    new = serializers.CharField(max_length=1024, trim_whitespace=False)

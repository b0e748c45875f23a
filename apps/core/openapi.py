"""What every operation of the API may answer besides its success, written into the documentation in one place."""

from __future__ import annotations

from typing import Any

ERROR = {
    "type": "object",
    "description": "The one shape of every refusal.",
    "required": ["code", "detail"],
    "properties": {
        "code": {"type": "string", "description": "For programs; does not change with the language."},
        "detail": {"type": "string", "description": "For people: what is wrong and what to do."},
        "fields": {"type": "object", "additionalProperties": {}, "description": "Field -> what is wrong with it."},
        "values": {"type": "object", "additionalProperties": {}, "description": "Facts that a program needs to go on."},
    },
    "additionalProperties": False,
}
ALWAYS = {
    "403": "You may not do this.",
    "406": "Only JSON is answered.",
    "429": "Too many requests, or a quota is used up.",
}
WITH_INPUT = {"400": "Some input is not valid; `fields` says which."}
WITH_BODY = {"413": "The body is too large.", "415": "The body is of another kind than stated."}
WITH_PLACE = {"404": "There is no such thing for you."}
WITH_CHANGE = {"409": "The state of things does not allow this now."}
SIGNED_IN = {"401": "Sign in first: the token is missing, expired or revoked."}


def add_refusals(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular: adds the schema Error and every refusal that an operation may meet."""
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR
    for item in result["paths"].values():
        for method, operation in item.items():
            for status, meaning in _refusals(method, operation).items():
                operation["responses"].setdefault(status, _described(meaning))
    return result


def _refusals(method: str, operation: dict[str, Any]) -> dict[str, str]:
    places = {parameter["in"] for parameter in operation.get("parameters", [])}
    changes = method not in {"get", "head"}
    return {
        **ALWAYS,
        **SIGNED_IN,
        **(WITH_INPUT if changes or "query" in places else {}),
        **(WITH_BODY if changes else {}),
        **(WITH_PLACE if places else {}),
        **(WITH_CHANGE if changes or places else {}),
    }


def _described(meaning: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": meaning, "content": {"application/json": {"schema": schema}}}

"""JSON documents: one model is what is answered and what OpenAPI says of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

Count = Annotated[int, Field(ge=0)]


class Document(BaseModel):
    """A JSON object. A field that was not given is not in it, whatever its default."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    def to_json(self) -> bytes:
        """The object, indented, with its members in the order of the fields."""
        return self.model_dump_json(exclude_unset=True, indent=2).encode()


def schemas(*models: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """The JSON Schemas of models and of all that is in them, by name, for `components/schemas`."""
    _, found = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/components/schemas/{model}",
        schema_generator=_ShortSchema,
    )
    return {
        name: {key: value for key, value in schema.items() if key != "title"}
        for name, schema in found["$defs"].items()
    }


class _ShortSchema(GenerateJsonSchema):
    """No titles, which only repeat names; no defaults, which are not in the document; null as a type."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        inner = self.generate_inner(schema["schema"])
        kind = inner.get("type")
        return inner | {"type": [kind, "null"]} if isinstance(kind, str) else super().nullable_schema(schema)

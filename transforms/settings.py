"""The base of every settings class: typed, frozen, and closed to unknown keys."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, TypeAdapter


def parse_size(value: Any) -> Any:
    """Bytes from a text such as 64MB or 32MiB; what is no text stays as it is."""
    return int(TypeAdapter(ByteSize).validate_python(value)) if isinstance(value, str) else value


Size = Annotated[int, BeforeValidator(parse_size)]  # bytes; in YAML also 64MB, 32MiB


class Settings(BaseModel):
    """Settings of one concern. A key that is not declared, or a value out of its bounds, is a validation error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

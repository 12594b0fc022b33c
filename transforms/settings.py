"""The base of every settings class: typed, frozen, and closed to unknown keys."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, TypeAdapter

_MOST_BYTES = 1 << 60


def parse_size(value: Any) -> Any:
    """Bytes from a text such as 64MB or 32MiB; what is no text stays as it is.

    Raises:
        ValueError: more than anybody has, and than 64 bits can be reckoned with.
    """
    try:
        size = int(TypeAdapter(ByteSize).validate_python(value)) if isinstance(value, str) else value
    except OverflowError:
        size = _MOST_BYTES + 1
    if isinstance(size, int) and size > _MOST_BYTES:
        raise ValueError("should be at most 1 EiB")
    return size


Size = Annotated[int, BeforeValidator(parse_size)]  # bytes; in YAML also 64MB, 32MiB


class Settings(BaseModel):
    """Settings of one concern. A key that is not declared, or a value out of its bounds, is a validation error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

"""The settings of a filter: a function, and whatever it takes beside the documents."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from transforms.settings import Settings

_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def _module_and_function(value: str) -> str:
    if not _FUNCTION.fullmatch(value):
        raise ValueError("should be MODULE:FUNCTION, for example mine.filters:too_short")
    return value


class FilterSettings(Settings):
    """A filter: a function, and the settings that it takes; any other key is one of these."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    use: Annotated[str, AfterValidator(_module_and_function)] = Field(description="MODULE:FUNCTION")

    @property
    def arguments(self) -> dict[str, Any]:
        """The settings that the function takes."""
        return dict(self.model_extra or {})


def _entry(value: Any) -> Any:
    """An entry that is a text alone as the mapping that it stands for."""
    return {"use": value} if isinstance(value, str) else value


FilterEntry = Annotated[FilterSettings, BeforeValidator(_entry)]

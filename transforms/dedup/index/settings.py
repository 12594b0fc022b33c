"""The settings of the index: the earlier runs that a run is deduplicated against."""

from pydantic import Field

from transforms.settings import Settings


class IndexSettings(Settings):
    """The earlier runs that a run is deduplicated against."""

    horizon_runs: int | None = Field(None, ge=0, description="only the last so many runs; default: all")
    horizon_days: float | None = Field(None, gt=0, description="only runs of the last so many days; default: all")

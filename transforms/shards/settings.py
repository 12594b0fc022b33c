"""The settings of shards."""

from pydantic import Field

from transforms.settings import Settings


class ShardSettings(Settings):
    """The way shards are written."""

    compression_level: int = Field(1, ge=1, le=19, description="of zstd")
    row_group_bytes: int = Field(16 << 20, ge=1 << 10, description="uncompressed size of a row group, about")

"""The settings of segmentation."""

from typing import Annotated, Literal

from pydantic import Field

from transforms.settings import Settings


class SegmentationSettings(Settings):
    """The engine of segmentation, and its own settings."""

    engine: Literal["embedded", "farasapy", "none"] = Field(
        "embedded", description="Rafid's own implementation of Farasa, Farasa's Java program, or no segmentation"
    )
    norm: bool = Field(False, description="write words normalised and without marks, as Farasa can")
    data: str | None = Field(None, description="embedded: the file of Farasa's data; default: in the user's own folder")
    jar: str | None = Field(None, description="farasapy: the path of FarasaSegmenterJar.jar")
    jar_sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$", description="farasapy: the jar's SHA-256")
    java: str = Field("java", min_length=1, description="farasapy: the command that runs Java")
    heap: str = Field("1g", pattern="^[1-9][0-9]*[kmg]$", description="farasapy: Java's heap; less than 160m fails")
    timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        60.0, description="farasapy: how long Java may take over a batch of words"
    )

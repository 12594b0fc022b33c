"""The data files of a Hugging Face dataset, as the card in its folder names them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fsspec.utils import glob_translate

from transforms.bundles.errors import BundleError
from transforms.bundles.stores import Store

CARD = "README.md"
_LARGEST = 16 << 20  # bytes; cards of datasets in a thousand languages have some hundred thousand
_NAMED = 5  # configurations that an error names


@dataclass(frozen=True)
class DataFiles:
    """The data files of one configuration of a dataset.

    Attributes:
        folder: that of the card.
        patterns: of paths below the folder, compiled.
    """

    folder: str
    patterns: tuple[re.Pattern[str], ...]

    def hold(self, path: str) -> bool:
        """True where the card names the file at `path`."""
        below = path.removeprefix(self.folder.rstrip("/") + "/")
        return any(pattern.match(below) for pattern in self.patterns)


def data_files(store: Store, folder: str, config_name: str | None) -> DataFiles | None:
    """The data files that the card in `folder` names; None where no card is there, or it names none.

    The card is that of https://huggingface.co/docs/hub/datasets-manual-configuration: YAML between lines `---` at the
    beginning of README.md, in it `configs`, each with `config_name` and `data_files`.

    Args:
        store: the store of the folder.
        folder: its path.
        config_name: the configuration; None for the one that is the default, is named so, or is the only one.

    Raises:
        BundleError: the card cannot be understood, has no such configuration, or none that is the default.
        OSError: it cannot be read.
    """
    place = f"{folder.rstrip('/')}/{CARD}"
    configs = _configs(_text(store, place), place)
    if not configs:
        return None
    config = _chosen(configs, config_name, place)
    return DataFiles(folder, tuple(_compiled(pattern, place) for pattern in _patterns(config.get("data_files"))))


def _compiled(pattern: str, place: str) -> re.Pattern[str]:
    """The pattern of a card at `place`."""
    if "://" in pattern or pattern.startswith("/") or ".." in pattern.split("/"):
        raise BundleError(f"input {place}: names {pattern}, which is not below its folder; name those files as input")
    try:
        return re.compile(glob_translate(pattern))
    except (ValueError, re.error) as error:
        raise BundleError(
            f"input {place}: names {pattern}, which is not a pattern: {error}; name those files as input"
        ) from error


def _text(store: Store, place: str) -> str:
    """The text of the card; empty where there is none."""
    if store.kind(place) != "file":
        return ""
    data = bytearray(min(_LARGEST, store.entry(place).size))
    with store.open(place) as source:
        return data[: source.read_into(memoryview(data), 0)].decode(errors="replace")


def _configs(text: str, place: str) -> list[Mapping[str, Any]]:
    """The configurations that have data files."""
    head = re.match(r"\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*$", text, re.DOTALL | re.MULTILINE)
    if not head or not re.search(r"^configs[ \t]*:", head[1], re.MULTILINE):
        return []
    import yaml  # noqa: PLC0415 - few folders have a card

    # All values are text to it: `no` is a language, and no falsehood.
    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        card = yaml.load(head[1], loader)  # noqa: S506 - it makes texts, lists and mappings only
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise BundleError(
            f"input {place}: a dataset's card that is not YAML: {told}; name its files by a pattern"
        ) from error
    configs = card.get("configs") if isinstance(card, Mapping) else None
    listed = configs if isinstance(configs, list) else []
    return [each for each in listed if isinstance(each, Mapping) and each.get("data_files")]


def _chosen(configs: Sequence[Mapping[str, Any]], config_name: str | None, place: str) -> Mapping[str, Any]:
    """The configuration of that name, or the default one."""
    by_name = {str(each.get("config_name", "default")): each for each in configs}
    names = ", ".join([*by_name][:_NAMED]) + (f" and {len(by_name) - _NAMED:,} more" if len(by_name) > _NAMED else "")
    if config_name is not None:
        if config_name not in by_name:
            raise BundleError(f"input {place}: has no configuration {config_name}, but {names}; set input.config_name")
        return by_name[config_name]
    defaults = [each for each in configs if str(each.get("default")).lower() == "true"]
    found = [*defaults, by_name.get("default"), *(configs if len(by_name) == 1 else [])]
    for each in found:
        if each:
            return each
    raise BundleError(f"input {place}: the dataset has {names}; set input.config_name to one of them")


def _patterns(named: Any) -> list[str]:
    """The patterns in all forms in which a card has them: one, several, or those of each split."""
    if isinstance(named, str):
        return [named]
    if isinstance(named, Mapping):
        return _patterns(named["path"]) if "path" in named else _patterns(list(named.values()))
    return [pattern for each in named or () for pattern in _patterns(each)] if isinstance(named, list) else []

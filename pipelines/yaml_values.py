"""Values in YAML, as configurations and command lines give them."""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from pipelines.remedies import ConfigError


class _Loader(yaml.SafeLoader):
    """YAML with the booleans of its version 1.2 and no dates: `off`, `no` and 2026-11-26 are the text that they are.

    A key that is there twice is an error, not the last value silently.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping of a node."""
        first: dict[str, int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            line = key.start_mark.line + 1
            if key.value in first:
                raise ConfigError(f"line {line}: {key.value} is there already, in line {first[key.value]}; keep one")
            first[key.value] = line
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag.rpartition(":")[2] not in ("bool", "timestamp")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def parsed(text: str, origin: str) -> Any:
    """The value of a text; `origin` names the text in an error.

    Raises:
        ConfigError: it is not YAML, or names a key twice.
    """
    try:
        return _Loader(text).get_single_data()
    except ConfigError as error:
        raise ConfigError(f"{origin}: {error}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigError(f"{origin}: is not YAML: {place}{' '.join(str(error.problem).split())}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{origin}: is not YAML: {' '.join(str(error).split())}") from error

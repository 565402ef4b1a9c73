"""An experiment from a YAML file or plain data, and back."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from priorbench.config.parsing import ConfigError, SectionError, parse_section
from priorbench.config.schema import Experiment


def parse_experiment(data: Mapping[str, Any], source: str = "the configuration") -> Experiment:
    """Return the experiment that a mapping describes.

    Args:
        data: the configuration as plain data.
        source: its name in errors.

    Raises:
        ConfigError: the mapping has unknown or missing keys or wrong values.
    """
    try:
        return parse_section(Experiment, data)
    except SectionError as error:
        lines = [f"  {each.place or 'top level'}: {each.message}" for each in error.problems]
        raise ConfigError("\n".join([f"{source} is not valid:", *lines])) from error


def load_experiment(path: Path) -> Experiment:
    """Read an experiment from a YAML file.

    Raises:
        ConfigError: the file is missing, is no YAML mapping, repeats a key, or holds wrong
            settings.
    """
    return parse_experiment(read_yaml(path), source=str(path))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping; a repeated key is an error.

    Raises:
        ConfigError: the file is missing or is no such mapping.
    """
    try:
        # A byte order mark, as some editors write it, is no part of the text.
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 text (byte {error.start + 1}): save it with the encoding UTF-8"
        ) from error
    try:
        data = yaml.load(text, Loader=_Loader)
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply to be read") from error
    except (yaml.YAMLError, ValueError) as error:
        # A date such as 2011-13-40 is a ValueError.
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(
            f"{path} must hold a mapping of keys to values, such as 'experiment: mine'"
        )
    return data


def dump_experiment(experiment: Experiment) -> str:
    """Return the experiment as YAML with every key written out."""
    return yaml.safe_dump(
        experiment.model_dump(mode="json"),
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=110,
    )


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            # A merge key (<<) may be overridden, and only scalars can be compared.
            is_merge = key_node.tag == "tag:yaml.org,2002:merge"
            if is_merge or not isinstance(key_node, yaml.ScalarNode):
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"repeated key {key!r}", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

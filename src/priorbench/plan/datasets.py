"""The data sets of an experiment: their images, listed and checked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from priorbench.config import ConfigError, DatasetSection
from priorbench.errors import unknown
from priorbench.plan.code import Code
from priorbench.plan.variants import validate_parameters
from priorbench.plugins.registry import Registered, Registry
from priorbench.provenance import fingerprint
from priorbench.specs import NAME, DatasetSpec, Parameters

T = TypeVar("T")


@dataclass(frozen=True)
class DatasetPlan:
    """A data set of the experiment.

    Args:
        id: its name in the configuration.
        source: the registered source.
        parameters: the source's parameters.
        section: how the images are cut.
        images: file of each image, or None where the source makes it; in order.
        origins: the photograph that an image comes from, where the source knows it.
        fingerprint: of all that determines the prepared images, files' contents apart.
    """

    id: str
    source: Registered[DatasetSpec]
    parameters: Parameters
    section: DatasetSection
    images: Mapping[str, Path | None]
    origins: Mapping[str, str]
    fingerprint: str

    @property
    def files(self) -> list[str]:
        """The files that the images come from."""
        return [str(path) for path in self.images.values() if path is not None]

    @cached_property
    def originals(self) -> dict[Hashable, list[str]]:
        """The images here by what they come from: a file or what their source makes them from, and
        a photograph.
        """
        source = (self.source.spec.name, self.parameters.model_dump_json())
        found: dict[Hashable, list[str]] = {}
        for image, path in self.images.items():
            found.setdefault(path.resolve() if path else (source, image), []).append(image)
            if image in self.origins:
                found.setdefault(self.origins[image], []).append(image)
        return found


def plan_dataset(name: str, section: DatasetSection, registry: Registry, code: Code) -> DatasetPlan:
    """List the images of a data set of the configuration.

    Raises:
        ConfigError: the source, a parameter or an image is unknown, or there are no images.
    """
    where = f"datasets.{name}"
    if section.source not in registry.datasets:
        raise ConfigError(
            f"{where}.source: {unknown('data set', section.source, registry.datasets)}"
        )
    source = registry.datasets[section.source]
    parameters = validate_parameters(
        source.spec.parameters, section.parameters, f"{where}.parameters"
    )
    available = _available(source, parameters, where)
    for key, named in (("images", section.images or ()), ("exclude", section.exclude)):
        for image in named:
            if image not in available:
                raise ConfigError(f"{where}.{key}: {unknown('image', image, available)}")
    left_out = set(section.exclude)
    images = [image for image in section.images or available if image not in left_out][
        : section.limit
    ]
    if not images:
        raise ConfigError(f"{where} has no images{' left' if left_out else ''}")
    settings = section.model_dump(mode="json", exclude={"images", "exclude", "limit"})
    return DatasetPlan(
        id=name,
        source=source,
        parameters=parameters,
        section=section,
        images={image: available[image] for image in images},
        origins=_origins(source, parameters, where),
        fingerprint=fingerprint([settings, images, code.spec(source)]),
    )


def _available(
    source: Registered[DatasetSpec], parameters: Parameters, where: str
) -> dict[str, Path | None]:
    """Return all images of a source."""
    available = dict(_listed(source, source.spec.images, parameters, where))
    for image in available:
        if not NAME.fullmatch(image):
            raise ConfigError(
                f"{where}: the source {source.spec.name} gives the unusable image name {image!r}"
            )
    return available


def _origins(source: Registered[DatasetSpec], parameters: Parameters, where: str) -> dict[str, str]:
    """Return the photographs that a source knows its images to come from."""
    origins = source.spec.origins
    return dict(_listed(source, origins, parameters, where)) if origins else {}


def _listed(
    source: Registered[DatasetSpec],
    call: Callable[[Any], Mapping[str, T]],
    parameters: Parameters,
    where: str,
) -> Mapping[str, T]:
    """Call a function of a source; an error names the source."""
    try:
        return call(parameters)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error
    except Exception as error:
        plugin = source.plugin
        who = f"the source {source.spec.name} (plugin {plugin.name!r}, {plugin.location})"
        raise ConfigError(
            f"{where}: {who} can't list its images: {type(error).__name__}: {error}"
        ) from error

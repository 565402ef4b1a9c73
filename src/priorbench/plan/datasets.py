"""The data sets of an experiment: their images, listed and checked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from priorbench.config import ConfigError, DatasetSection
from priorbench.fingerprint import fingerprint
from priorbench.names import unknown
from priorbench.plan.code import CodeFingerprints
from priorbench.plan.variants import validate_parameters
from priorbench.plugins import Registered, Registry
from priorbench.records import NAME, DatasetSpec, Parameters


@dataclass(frozen=True)
class DatasetPlan:
    """A data set of the experiment.

    Args:
        id: its name in the configuration.
        source: the registered source.
        parameters: the source's parameters.
        section: how the images are cut.
        images: file of each image, or None where the source makes it; in order.
        fingerprint: of all that determines the prepared images, files' contents apart.
    """

    id: str
    source: Registered[DatasetSpec]
    parameters: Parameters
    section: DatasetSection
    images: Mapping[str, Path | None]
    fingerprint: str

    @property
    def files(self) -> list[str]:
        """The files that the images come from."""
        return [str(path) for path in self.images.values() if path is not None]

    @cached_property
    def originals(self) -> dict[Hashable, str]:
        """The file that each image comes from, or what its source makes it from, with its name here."""
        source = (self.source.record.name, self.parameters.model_dump_json())
        return {path.resolve() if path else (source, image): image for image, path in self.images.items()}


def plan_dataset(name: str, section: DatasetSection, registry: Registry, code: CodeFingerprints) -> DatasetPlan:
    """List the images of a data set of the configuration.

    Raises:
        ConfigError: the source, a parameter or an image is unknown, or there are no images.
    """
    where = f"datasets.{name}"
    if section.source not in registry.datasets:
        raise ConfigError(f"{where}.source: {unknown('data set', section.source, registry.datasets)}")
    source = registry.datasets[section.source]
    parameters = validate_parameters(source.record.parameters, section.parameters, f"{where}.parameters")
    available = _available(source, parameters, where)
    for image in section.images or ():
        if image not in available:
            raise ConfigError(f"{where}.images: {unknown('image', image, available)}")
    images = list(section.images or available)[: section.limit]
    if not images:
        raise ConfigError(f"{where} has no images")
    settings = section.model_dump(mode="json", exclude={"images", "limit"})
    return DatasetPlan(
        id=name,
        source=source,
        parameters=parameters,
        section=section,
        images={image: available[image] for image in images},
        fingerprint=fingerprint([settings, images, code.of(source)]),
    )


def _available(source: Registered[DatasetSpec], parameters: Parameters, where: str) -> dict[str, Path | None]:
    """Return all images of a source."""
    try:
        available = dict(source.record.images(parameters))
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error
    except Exception as error:
        who = f"the source {source.record.name} (plugin {source.plugin.name!r}, {source.plugin.location})"
        raise ConfigError(f"{where}: {who} can't list its images: {type(error).__name__}: {error}") from error
    for image in available:
        if not NAME.fullmatch(image):
            raise ConfigError(f"{where}: the source {source.record.name} gives the unusable image name {image!r}")
    return available

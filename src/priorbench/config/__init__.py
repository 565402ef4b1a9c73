"""The experiment: what ``config.yaml`` may say, how it is read, and what is wrong with it."""

from priorbench.config.files import dump_experiment, load_experiment, parse_experiment, read_yaml
from priorbench.config.parsing import ConfigError, SectionError, parse_section
from priorbench.config.schema import (
    DatasetSection,
    Experiment,
    PluginsSection,
    PriorSection,
    TaskSection,
)

__all__ = [
    "ConfigError",
    "DatasetSection",
    "Experiment",
    "PluginsSection",
    "PriorSection",
    "SectionError",
    "TaskSection",
    "dump_experiment",
    "load_experiment",
    "parse_experiment",
    "parse_section",
    "read_yaml",
]

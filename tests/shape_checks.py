"""How the tests check annotations: shapes by jaxtyping, everything else by beartype.

jaxtyping's import hook puts ``checked`` on every function and dataclass of the packages that
``--jaxtyping-packages`` in ``pyproject.toml`` names.
"""

from beartype import BeartypeConf, beartype

# An int may stand for a float, as for every type checker.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))

import functools
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from priorbench.provenance.factories import describe_factory


class Model:
    def __init__(self, factor: Any = 1) -> None:
        self.factor = factor

    @classmethod
    def make(cls) -> "Model":
        return cls()

    def method(self) -> None:
        pass

    def __call__(self) -> None:
        pass


def function() -> Model:
    return Model()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (".model:Model", ".model:Other"),
        (Model, function),
        (Model.make, Model),
        (functools.partial(Model, factor=0.5), functools.partial(Model, factor=0.9)),
        (functools.partial(Model, 1), functools.partial(Model, 1.0)),
        (functools.partial(Model, 1), functools.partial(Model, True)),
        (functools.partial(Model, 1), functools.partial(function, 1)),
        (functools.partial(Model, 1), functools.partial(Model, factor=1)),
        (functools.partial(Model, [1, 2]), functools.partial(Model, (1, 2))),
        (functools.partial(Model, [1, 2]), functools.partial(Model, [2, 1])),
        (functools.partial(Model, {"a": 1}), functools.partial(Model, {"a": 2})),
        (functools.partial(Model, Path("a")), functools.partial(Model, "a")),
        (functools.partial(Model, function), functools.partial(Model, Model)),
        (
            functools.partial(Model, functools.partial(Model, 1)),
            functools.partial(Model, functools.partial(Model, 2)),
        ),
    ],
)
def test_factories_that_make_different_things_are_described_differently(
    one: Any, other: Any
) -> None:
    assert json.dumps(describe_factory(one)) != json.dumps(describe_factory(other))


def test_equal_partials_are_described_alike() -> None:
    first = functools.partial(Model, factor={"b": {2, 1}, "a": None})
    second = functools.partial(Model, factor={"a": None, "b": {1, 2}})
    assert describe_factory(first) == describe_factory(second)


def local_class() -> Callable[[], Any]:
    class Local:
        pass

    return Local


@pytest.mark.parametrize(
    "factory",
    [
        lambda: Model(),
        local_class(),
        Model(),
        Model().method,
        functools.partial(Model, Model()),
        functools.partial(Model, b"bytes"),
        functools.partial(lambda: Model()),
    ],
)
def test_what_can_not_be_compared_is_refused_with_what_to_write(factory: Any) -> None:
    with pytest.raises(ValueError, match="change of it would go unnoticed: write an import string"):
        describe_factory(factory)


@pytest.mark.slow
def test_a_description_is_the_same_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "factories.py").write_text(
        textwrap.dedent(
            """
            import functools

            class Model:
                @classmethod
                def make(cls): pass

            def function(): pass

            partial = functools.partial(function, {"x", "y", "z"}, model=Model)
            """
        )
    )
    script = (
        "import json, factories as f\n"
        "from priorbench.provenance.factories import describe_factory\n"
        "some = [f.Model, f.Model.make, f.function, f.partial, '.model:Model']\n"
        "print(json.dumps([describe_factory(factory) for factory in some]))"
    )
    command = [sys.executable, "-c", script]
    runs = {subprocess.check_output(command, cwd=tmp_path, text=True) for _ in range(3)}
    assert len(runs) == 1
    assert json.loads(runs.pop())[:2] == ["factories:Model", "factories:Model.make"]

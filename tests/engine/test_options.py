"""Laws of options: what an item can be told is what its signature says, and it takes it."""

from __future__ import annotations

from typing import Annotated

import pytest

from natgrad_core import charts, metrics, problems, rules
from natgrad_core.core.options import Choices, Option, Span, options

ITEMS = [
    pytest.param(item, id=f"{registry.kind}:{name}")
    for registry in (problems, charts, metrics, rules)
    for name, item in registry.items()
]


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_takes_its_options_at_their_defaults_and_at_both_ends(item) -> None:
    known = options(item)
    item(**{name: option.default for name, option in known.items()})
    for name, option in known.items():
        if option.span:
            low, high, step, _ = option.span
            assert low <= option.default <= high
            assert step > 0
            for end in (low, high):
                item(**{name: type(option.default)(end)})
        for choice in option.choices:
            item(**{name: choice})


def test_options_are_read_from_the_signature() -> None:
    def make(
        many: tuple[float, float] = (1.0, 2.0),
        turned: Annotated[float, Span(-1, 1)] = 0.5,
        way: Annotated[str, Choices(("a", "b"))] = "a",
        table: object = None,
        family: str = "normal",
        flag: bool = True,
    ) -> None: ...

    assert options(make) == {
        "many": Option("many", (1.0, 2.0)),
        "turned": Option("turned", 0.5, Span(-1, 1)),
        "way": Option("way", "a", None, ("a", "b")),
    }
    assert {"rotation", "stretch", "shear"} <= set(options(charts["linear"]))
    assert options(charts["log-scale"])["which"].component
    assert set(options(charts["bend"])) == {"strength", "center", "shear"}
    assert set(options(metrics["monte-carlo-fisher"])) == {"n", "seed"}

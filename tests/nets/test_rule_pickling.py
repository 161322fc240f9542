"""Rules of nets are pickled as the call that made them."""

from __future__ import annotations

import inspect
import pickle

import pytest

from natgrad_core.nets import baselines, rules
from natgrad_core.nets.damping import LevenbergMarquardt

RULES = {
    name: maker
    for module in (rules, baselines)
    for name, maker in vars(module).items()
    if inspect.isfunction(maker)
    and inspect.signature(maker).return_annotation == "Rule"
    and not name.startswith("_")
    and name != "second_order"
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_of_nets_is_pickled(name: str) -> None:
    rule = RULES[name]()
    copy = pickle.loads(pickle.dumps(rule))
    assert repr(copy) == repr(rule)


def test_a_rule_with_a_policy_is_pickled() -> None:
    assert pickle.loads(pickle.dumps(rules.kfac(damping=LevenbergMarquardt()))).name

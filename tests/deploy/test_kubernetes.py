"""The Kubernetes values agree with the JupyterHub configuration that ``test_hub`` starts."""

from __future__ import annotations

import re
import runpy
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tests.support.servers import ROOT

CHART = {
    "singleuser": {"image", "cmd", "defaultUrl", "extraEnv", "memory", "cpu", "storage"},
    "hub": {"config"},
    "cull": {"timeout"},
}
"""Names that the chart allows (zero-to-jupyterhub-k8s: jupyterhub/values.schema.yaml, read in
November 2026)."""

VALUES = yaml.safe_load((ROOT / "deploy/z2jh-values.yaml").read_text())


class Settings(SimpleNamespace):
    """The values that a configuration file sets, by class."""

    def __getattr__(self, name: str) -> Any:
        setattr(self, name, Settings())
        return self.__dict__[name]


@pytest.fixture
def spawner(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return how the hub on one machine starts a user's server."""
    monkeypatch.delenv("NATGRAD_CLASSES", raising=False)
    found = Settings()
    path = str(ROOT / "deploy/jupyterhub_config.py")
    runpy.run_path(path, {"get_config": lambda: found})
    return found.Spawner


def test_every_value_has_a_name_that_the_chart_knows() -> None:
    assert VALUES.keys() <= CHART.keys()
    for part, values in VALUES.items():
        assert values.keys() <= CHART[part], part


def test_a_user_s_server_is_the_same_on_one_machine_and_on_kubernetes(spawner: Settings) -> None:
    user = VALUES["singleuser"]
    assert user["cmd"][0] == "natgrad"
    assert user["cmd"][1:] == spawner.cmd[3:]
    assert user["defaultUrl"] == spawner.default_url
    assert user["memory"]["limit"] == spawner.mem_limit
    del spawner.environment["PYTHONPATH"]  # in the image the app is installed
    assert user["extraEnv"] == spawner.environment


def test_the_limits_hold_what_the_load_test_measured_and_the_how_to_says_the_same() -> None:
    said = (ROOT / "deploy/z2jh-values.yaml").read_text().replace("\n# ", " ")
    found = re.search(r"on the plane takes (\d+) MB, with a page of a net beside them (\d+)", said)
    assert found
    plane, net = map(int, found.groups())
    table = f"a server each: {round(plane, -1)} MB, with a net's page {round(net, -1)} MB"
    assert table in (ROOT / "docs/how-to/class.md").read_text()
    memory = VALUES["singleuser"]["memory"]
    assert plane < int(memory["guarantee"].removesuffix("M"))
    assert 2 * net < 1024 * int(memory["limit"].removesuffix("G"))

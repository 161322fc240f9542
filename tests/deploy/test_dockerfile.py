"""The Dockerfile copies everything that a wheel is built from (no image is built here)."""

from __future__ import annotations

import tomllib

from packaging.requirements import Requirement

from tests.support.servers import ROOT

COPIED = [
    name
    for line in (ROOT / "deploy/Dockerfile").read_text().splitlines()
    if line.startswith("COPY ")
    for name in line.split()[1:-1]
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_what_a_wheel_is_built_from_is_copied() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    project = PROJECT["project"]
    needed = {"pyproject.toml", project["readme"], *project["license-files"]}
    assert needed | {*wheel["packages"], *wheel["force-include"]} <= set(COPIED)


def within(extras: set[str]) -> set[str]:
    """Return these extras and those that they include."""
    stated = PROJECT["project"]["optional-dependencies"]
    inner = {
        extra
        for requirement in (Requirement(each) for name in extras for each in stated[name])
        if requirement.name == PROJECT["project"]["name"]
        for extra in requirement.extras
    }
    return extras if inner <= extras else within(extras | inner)


def test_what_is_copied_is_there_and_the_extras_bring_the_lessons() -> None:
    assert all((ROOT / name).exists() for name in COPIED)
    lines = (ROOT / "deploy/Dockerfile").read_text().splitlines()
    (extras,) = (line.removeprefix("ARG EXTRAS=") for line in lines if line.startswith("ARG "))
    assert {"lecture", "hub"} <= within(set(extras.split(",")))

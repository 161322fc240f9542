"""pyproject.toml, constraints.txt and environment.yml describe the same environment."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
REQUIREMENTS = [
    requirement
    for group in (PROJECT["dependencies"], *EXTRAS.values())
    for requirement in map(Requirement, group)
    if requirement.name != PROJECT["name"]
]


def pins() -> dict[str, str]:
    """Return the pinned versions by name."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): pinned for name, pinned in pairs}


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda each: each.name)
def test_every_dependency_is_bounded_on_both_sides_and_pinned_within(
    requirement: Requirement,
) -> None:
    operators = {each.operator for each in requirement.specifier}
    assert operators == {">=", "<"}, str(requirement)
    pinned = pins().get(canonicalize_name(requirement.name))
    assert pinned is not None, f"{requirement.name} has no pin: run `make lock`"
    assert pinned in requirement.specifier, f"the pin {pinned} is outside of {requirement}"


def test_each_dependency_is_stated_once() -> None:
    names = [canonicalize_name(each.name) for each in REQUIREMENTS]
    assert len(names) == len(set(names))


def test_pins_are_of_versions_and_not_of_one_machine_s_builds() -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert "torch==2.13.0\n" in text
    for forbidden in ("+cpu", "nvidia", "cuda", "triton", " @ ", "://", "-e "):
        assert forbidden not in text


def test_every_pin_can_be_installed_on_the_oldest_python() -> None:
    """``make run`` uses the system's Python, which is often the oldest that is allowed."""
    oldest = PROJECT["requires-python"].removeprefix(">=")
    found = {name: metadata(name) for name in pins() if _installed(name)}
    assert len(found) > 100
    needs = {
        name: fields["Requires-Python"]
        for name, fields in found.items()
        if "Requires-Python" in fields
    }
    newer = {name: need for name, need in needs.items() if oldest not in SpecifierSet(need)}
    assert newer == {}, f"not for Python {oldest}: pin an earlier one in constraints.txt"


def test_what_a_dependency_needs_is_pinned_too() -> None:
    """Every package that is installed because of this one has a pin."""
    from importlib.metadata import requires

    seen: set[str] = set()
    todo = [each.name for each in REQUIREMENTS]
    while todo:
        name = canonicalize_name(todo.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            needs = requires(name) or []
        except PackageNotFoundError:
            continue  # an extra that is not installed here
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                todo.append(need.name)
    brought = {"setuptools", "pip"}  # with Python's own environments
    builds = re.compile("nvidia|cuda|triton|natgrad")  # with one build of torch
    missing = {name for name in seen - set(pins()) - brought if not builds.match(name)}
    installed = {name for name in missing if _installed(name)}
    assert not installed, f"no pin for {sorted(installed)}: run `make lock`"


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def test_conda_gets_what_make_run_installs() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert conda["name"] == PROJECT["name"]
    python, pip, by_pip = conda["dependencies"]
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(PROJECT["requires-python"])
    assert pip == "pip"
    assert by_pip == {"pip": ["-c constraints.txt", "-e .[lecture,nets]"]}


def brought_by(*extras: str) -> set[str]:
    """Return the names that ``pip install natgrad[extras]`` asks for, nested extras included."""
    names = {Requirement(each).name for each in PROJECT["dependencies"]}
    for requirement in (Requirement(each) for extra in extras for each in EXTRAS[extra]):
        inner = requirement.name == PROJECT["name"]
        names |= brought_by(*requirement.extras) if inner else {requirement.name}
    return names


def test_each_extra_brings_what_it_is_for_and_no_more() -> None:
    assert brought_by() == {"numpy", "scipy"}
    assert brought_by("nets") == {"numpy", "scipy", "joblib", "torch"}
    assert not brought_by("lecture") & {"torch", "pytest", "playwright", "jupyterlab"}
    assert not brought_by("hub", "docs") & {"torch", "pytest", "playwright", "jupyterlab"}
    assert brought_by("lecture") < brought_by("hub")
    everything = {name for extra in EXTRAS if extra != "setup" for name in brought_by(extra)}
    assert everything == brought_by("lint"), "`make lint` checks all of the code"


WITHIN: dict[str, tuple[str, ...]] = {
    "natgrad_core": (),
    "natgrad_core/nets": ("nets", "cluster"),
    "app/natgrad_lecture": ("lecture", "hub"),
}
"""The extras that the files of a folder may import from."""


def foreign(path: Path) -> set[str]:
    """Return the packages that a file imports, also inside functions and under TYPE_CHECKING."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    ours = {"natgrad_core", "natgrad_lecture"}
    return found - set(sys.stdlib_module_names) - ours


@pytest.mark.parametrize("folder", WITHIN)
def test_what_a_folder_imports_is_brought_by_its_extras(folder: str) -> None:
    """The last list: packages that Voila, Jupyter's server and the widgets always bring."""
    allowed = {name.lower().replace("-", "_") for name in brought_by(*WITHIN[folder])}
    allowed |= {"markdown_it"} if "markdown_it_py" in allowed else set()  # its import name
    allowed |= {"PIL"} if "pillow" in allowed else set()
    if folder == "app/natgrad_lecture":
        allowed |= {
            "IPython",
            "comm",
            "jinja2",
            "jupyter_core",
            "nbformat",
            "tornado",
            "traitlets",
            "zmq",
        }
    inner = [ROOT / other for other in WITHIN if other.startswith(f"{folder}/")]
    files = [
        path
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not any(path.is_relative_to(other) for other in inner)
    ]
    stray = {f"{path.name}: {name}" for path in files for name in foreign(path) - allowed}
    assert len(files) > 20
    assert not stray


def test_importing_a_lesson_imports_neither_torch_nor_plotly() -> None:
    code = (
        "import sys; from natgrad_lecture.lessons import lessons; list(lessons.values()); "
        "print(*sorted({'torch', 'plotly'} & set(sys.modules)))"
    )
    run = [sys.executable, "-c", code]
    said = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.split() == []


def test_peers_are_pinned_and_bring_no_torchvision() -> None:
    """They are installed with ``--no-deps``, so their list is complete."""
    lines = (ROOT / "tests" / "peers.txt").read_text().splitlines()
    peers = [Requirement(line) for line in lines if not line.startswith("#")]
    assert all(str(each.specifier).startswith("==") for each in peers)
    names = {canonicalize_name(each.name) for each in peers}
    assert {"curvlinops-for-pytorch", "nngeometry"} <= names
    assert not names & (set(pins()) | {"torch", "torchvision"})


def test_no_registry_and_no_machine_s_path_is_named() -> None:
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    hosts = re.compile(r"index[-_]url|pypi\.(org|python)|files\.pythonhosted|download\.pytorch")
    for name in files.stdout.split():
        path = ROOT / name
        if (
            path.suffix in {".png", ".gif", ".jpg", ".webp"}
            or name == "tests/packaging/test_environment.py"
        ):
            continue
        text = path.read_text("utf-8")
        assert not hosts.search(text), name
        # The page /home has pictures, which are addresses and no paths.
        assert not re.search(r"(?<![\w.])/(?:work|root|home)/(?!\w+\.svg)\w", text), name

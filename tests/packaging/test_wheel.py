"""`pip install` brings what the `natgrad` command and an import need, and no more."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from natgrad_core import __version__

ROOT = Path(__file__).resolve().parents[2]
SEEN_IN_THE_CHECKOUT_ONLY = ("tests/", "docs/", "deploy/", "build/", ".venv/", "frontend/")


def kept(*folders: str) -> set[str]:
    """Return the files of these folders that git tracks."""
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}


def built(kind: str, folder: Path) -> Path:
    """Build a wheel or an sdist with the backend of pyproject.toml."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (archive,) = folder.glob("natgrad-*.whl" if kind == "wheel" else "natgrad-*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(built("wheel", tmp_path_factory.mktemp("wheel")))


def test_all_of_both_packages_and_every_notebook_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    """Modules, data, templates, the front end's bundles, translations, py.typed."""
    inside = set(wheel.namelist())
    packages = {name.removeprefix("app/") for name in kept("natgrad_core", "app/natgrad_lecture")}
    notebooks = {f"natgrad_lecture/{name}" for name in kept("notebooks")}
    assert packages - inside == set()
    assert notebooks - inside == set()
    assert {Path(name).suffix for name in notebooks} == {".ipynb"}
    for needed in ("natgrad_core/py.typed", "natgrad_lecture/text/common.zh.md"):
        assert needed in inside
    assert any(name.endswith(".html.j2") for name in inside)
    assert "natgrad_lecture/static/live_page.js" in inside


def test_nothing_of_the_checkout_alone_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    inside = wheel.namelist()
    assert not [name for name in inside if name.startswith(SEEN_IN_THE_CHECKOUT_ONLY)]
    assert not [name for name in inside if "__pycache__" in name or name.endswith(".map")]
    assert {name.split("/")[0] for name in inside} == {
        "natgrad_core",
        "natgrad_lecture",
        f"natgrad-{__version__}.dist-info",
    }


def test_the_metadata_has_the_command_the_license_and_the_extras(wheel: zipfile.ZipFile) -> None:
    def metadata(name: str) -> str:
        return wheel.read(f"natgrad-{__version__}.dist-info/{name}").decode()

    assert "natgrad = natgrad_lecture.__main__:main" in metadata("entry_points.txt")
    assert "MIT" in metadata("licenses/LICENSE")
    needs = Parser().parsestr(metadata("METADATA")).get_all("Requires-Dist") or []
    torch = [each for each in needs if each.startswith("torch")]
    assert "torch<2.14,>=2.13; extra == 'nets'" in torch
    always = {Requirement(each).name for each in needs if "extra ==" not in each}
    assert always == {"numpy", "scipy"}


def test_a_wheel_is_made_of_the_sdist_too(tmp_path: Path) -> None:
    """The sdist holds everything that the wheel is built from, the notebooks included."""
    with tarfile.open(built("sdist", tmp_path)) as held:
        names = {name.partition("/")[2] for name in held.getnames()}
    assert kept("natgrad_core", "app", "notebooks") - names == set()
    assert {"pyproject.toml", "README.md", "LICENSE", "constraints.txt"} <= names


INSTALLED = """
from importlib.metadata import distributions
print(*sorted(each.name for each in distributions()))
"""

ALL_OF_THE_ENGINE = """
import importlib, pkgutil, sys
import natgrad_core
for each in pkgutil.walk_packages(natgrad_core.__path__, "natgrad_core."):
    if not each.name.startswith("natgrad_core.nets"):
        importlib.import_module(each.name)
print("torch" in sys.modules)
"""

A_NATURAL_STEP = """
import natgrad_core
from natgrad_core import problems, rules, run
problem = problems["normal"]()
print(natgrad_core.__version__, run(problem, rules["natural"](rate=0.1), problem.start, 1).ok.all())
"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with NumPy, SciPy and the wheel, and nothing else.

    pip installs the wheel without an index: it fails if the wheel needs anything more.
    """
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv/bin/python"
    place = subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"])
    for name in ("numpy", "scipy"):
        found = distribution(name)
        for top in {Path(file).parts[0] for file in found.files or () if ".." not in str(file)}:
            Path(place.decode().strip(), top).symlink_to(str(found.locate_file(top)))
    wheel = built("wheel", folder)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--quiet",
            "--no-index",
            wheel,
        ],
        check=True,
    )
    return python


def output(python: Path, *arguments: str) -> str:
    """Return what a program prints; it must succeed."""
    return subprocess.check_output([python, *arguments], text=True, cwd=python.parent)


@pytest.mark.slow
def test_the_engine_needs_numpy_and_scipy_only(empty: Path) -> None:
    assert output(empty, "-c", INSTALLED).split() == ["natgrad", "numpy", "scipy"]
    assert output(empty, "-W", "error", "-c", A_NATURAL_STEP) == f"{__version__} True\n"
    assert output(empty, "-W", "error", "-c", ALL_OF_THE_ENGINE) == "False\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (["serve"], "lecture"),
        (["present", "steps.json"], "lecture"),
        (["export", "pages"], "lecture"),
        (["hub"], "hub"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("start", [["natgrad"], ["python", "-m", "natgrad_lecture"]], ids=" ".join)
def test_a_command_without_its_extra_says_in_one_sentence_what_to_install(
    empty: Path, start: list[str], command: list[str], extra: str
) -> None:
    (empty.parent / "steps.json").write_text("{}")
    program, *arguments = start
    done = subprocess.run(
        [empty.parent / program, *arguments, *command],
        cwd=empty.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    install = re.escape(f'pip install "natgrad[{extra}]"')
    assert re.fullmatch(rf"natgrad: \w+ is missing: {install}\n", done.stderr)


@pytest.mark.slow
def test_without_an_extra_help_and_the_widget_s_error_still_work(empty: Path) -> None:
    assert "serve" in output(empty, "-m", "natgrad_lecture", "--help")
    code = (
        "import natgrad_lecture\ntry: natgrad_lecture.lesson('fisher')\n"
        "except ModuleNotFoundError as missing: print(missing)"
    )
    assert output(empty, "-c", code).endswith('pip install "natgrad[lecture]"\n')
    code = "try: import natgrad_core.nets\nexcept ModuleNotFoundError as missing: print(missing)"
    assert output(empty, "-c", code) == 'the nets need torch: pip install "natgrad[nets]"\n'

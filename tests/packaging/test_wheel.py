"""What `pip install` brings: all that the `natgrad` command and an import need, and no more."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SEEN_IN_THE_CHECKOUT_ONLY = ("tests/", "docs/", "deploy/", "build/", ".venv/")


def kept(*folders: str) -> set[str]:
    """What git keeps of these folders."""
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}


def built(kind: str, folder: Path) -> Path:
    """A wheel or an sdist, by the builder that pyproject.toml names."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    (made,) = folder.glob("natgrad-*.whl" if kind == "wheel" else "natgrad-*.tar.gz")
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(built("wheel", tmp_path_factory.mktemp("wheel")))


def test_all_of_both_packages_and_every_notebook_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    """Modules, data, the template, the stage's scripts, the catalogs, py.typed."""
    inside = set(wheel.namelist())
    packages = {name.removeprefix("app/") for name in kept("natgrad_core", "app")}
    notebooks = {f"natgrad_lecture/{name}" for name in kept("notebooks")}
    assert packages - inside == set()
    assert notebooks - inside == set()
    assert {Path(name).suffix for name in notebooks} == {".ipynb"}
    for needed in ("natgrad_core/py.typed", "natgrad_lecture/text/zh/common.po"):
        assert needed in inside
    assert any(name.endswith(".html.j2") for name in inside)


def test_nothing_of_the_checkout_alone_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    inside = wheel.namelist()
    assert not [name for name in inside if name.startswith(SEEN_IN_THE_CHECKOUT_ONLY)]
    assert not [name for name in inside if "__pycache__" in name]
    assert {name.split("/")[0] for name in inside} == {
        "natgrad_core", "natgrad_lecture", "natgrad-0.1.0.dist-info",
    }  # fmt: skip


def test_the_command_the_license_and_the_extras_are_told(wheel: zipfile.ZipFile) -> None:
    def told(name: str) -> str:
        return wheel.read(f"natgrad-0.1.0.dist-info/{name}").decode()

    assert "natgrad = natgrad_lecture.__main__:main" in told("entry_points.txt")
    assert "MIT" in told("licenses/LICENSE")
    needs = Parser().parsestr(told("METADATA")).get_all("Requires-Dist") or []
    torch = [each for each in needs if each.startswith("torch")]
    assert "torch==2.13.0; extra == 'nets'" in torch
    assert all("extra ==" in each for each in torch)


def test_a_wheel_is_made_of_the_sdist_too(tmp_path: Path) -> None:
    """So the sdist holds what the wheel is built from: notebooks and the bench included."""
    with tarfile.open(built("sdist", tmp_path)) as held:
        names = {name.partition("/")[2] for name in held.getnames()}
    assert kept("natgrad_core", "app", "notebooks") - names == set()
    assert {"pyproject.toml", "README.md", "LICENSE", "constraints.txt"} <= names


HIDDEN = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
sys.path.insert(0, {wheel!r})
"""


def without(wheel: zipfile.ZipFile, folder: Path, hidden: set[str], code: str) -> str:
    """What a program prints that has the wheel, and not these packages nor the checkout."""
    wheel.extractall(folder / "installed")
    program = HIDDEN.format(hidden=hidden, wheel=str(folder / "installed")) + code
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_the_engine_needs_numpy_alone(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    hidden = {"torch", "plotly", "ipywidgets", "anywidget", "voila", "scipy", "natgrad_lecture"}
    code = "from natgrad_core import problems, rules, run\n" \
           "p = problems['normal']()\n" \
           "print(run(p, rules['natural'](rate=0.1), p.start, 9).ok.all())"  # fmt: skip
    assert without(wheel, tmp_path, hidden, code) == "True\n"


def test_without_torch_the_nets_say_how_to_get_it(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    said = without(wheel, tmp_path, {"torch"}, "import natgrad_core.nets")
    assert said.endswith('the nets need torch: pip install "natgrad[nets]"\n')

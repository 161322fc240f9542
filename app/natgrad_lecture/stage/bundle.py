"""The page's ES modules as one string, and its style sheets as another; Plotly's script as it is.

anywidget takes one module and one style sheet. The modules here use only named imports of one
another and names that are unique across files, so that joining them is: each after those it needs,
import and export taken off.
"""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOM = Path(__file__).parents[2] / "frontend"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[\w./-]+)";\n', re.MULTILINE)
_NAME = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default .*\n", re.MULTILINE)


def _order(name: str, found: dict[str, str], above: tuple[str, ...] = ()) -> None:
    """Put ``name`` into ``found`` after everything that it imports."""
    if name in above:
        raise ValueError(f"modules import one another in a ring: {' → '.join((*above, name))}")
    if name in found:
        return
    path = ROOM / "src" / name
    source = path.read_text("utf-8")
    for names, where in _IMPORT.findall(source):
        other = str((path.parent / where).resolve().relative_to(ROOM / "src"))
        _order(other, found, (*above, name))
        offered = re.findall(
            r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", found[other], re.MULTILINE
        )
        if missing := {n.strip() for n in names.split(",") if n.strip()} - set(offered):
            raise ValueError(
                f"{name} imports {sorted(missing)} from {other}, which exports {offered}"
            )
    rest = _IMPORT.sub("", source)
    if stray := re.search(r"^import\b.*", rest, re.MULTILINE):
        raise ValueError(
            f'{name}: only `import {{ a, b }} from "./file.js";` can be joined, not {stray[0]!r}'
        )
    found[name] = rest


@cache
def module(entry: str) -> str:
    """Return ``entry`` and all that it imports as one ES module, which exports what it did."""
    found: dict[str, str] = {}
    _order(entry, found)
    owner: dict[str, str] = {}
    parts = []
    for name, source in found.items():
        for top in _NAME.findall(source):
            if owner.setdefault(top, name) != name:
                raise ValueError(f"two top-level names clash: {top!r} in {owner[top]} and {name}")
        bare = source if name == entry else _DEFAULT.sub("", source)
        parts.append(f"// {name}\n" + re.sub(r"^export (?!default)", "", bare, flags=re.MULTILINE))
    return "\n".join(parts)


@cache
def style() -> str:
    """Return every style sheet in the room, the one for print last: it overrules the others."""
    sheets = sorted(
        ROOM.glob("styles/*.css"), key=lambda path: (path.name == "print.css", path.name)
    )
    return "\n".join(path.read_text("utf-8") for path in sheets)


@cache
def plotly() -> bytes:
    """The script that draws charts, out of the installed plotly, which is not imported for it."""
    found = find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("charts need the package plotly, which is not installed")
    return (Path(found.submodule_search_locations[0]) / "package_data/plotly.min.js").read_bytes()

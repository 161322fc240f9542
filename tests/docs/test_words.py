"""Documents, docstrings and comments use the field's standard terms."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTEAD = {
    r"shel(?:f|ves)": "registry, catalog",
    r"witness(?:es)?": "reference implementation",
    r"referees?": "autodiff reference",
    r"lanes?": "batched loop",
    r"inks?": "style, color",
    r"roads?": "geodesic, path",
    r"twins?": "paired runs",
    r"nursery": "fork client",
    r"zygote": "fork server",
    r"(?:the|a|locked) door": "websocket handler, access check",
    r"miniatures?": "thumbnail",
    r"rivals?": "baseline",
    r"patience": "time limit",
    r"stand-ins?": "approximation",
    r"plain (?:gradient )?(?:descent|step|gradient)": "gradient descent, gradient",
    r"thrown out": "diverges",
    r"blind to|does not notice|do not notice": "invariant under",
    r"gr(?:ow|ew|ows) past all bounds": "diverges",
    r"draws? together": "converge to each other",
    r"(?:the two )?runs (?:split|part|are one)": "differ, coincide",
    r"(?:the|in) other numbers|numbers we write parameters with": "coordinates, parameterization",
    r"Gauss and Newton's matrix": "the Gauss–Newton matrix",
    r"where this slips": "limits and corrections",
    r"road's pace": "rate",
    r"(?:data|model)'s outcomes": "observed labels, labels drawn from the model",
    r"no (?:part of a )?tensor": "does not transform as a tensor",
    r"(?<!there )is no (?:metric|ball|list|number|lesson|part)": "is not a",
    r"comes? home": "reaches the minimum",
    r"tak(?:es?|en|ing) away|to take (?:away|home)": "export",
    r"anew": "again",
    r"but for": "except, up to",
    r"of ours": "our own",
    r"whence": "from which",
    r"nought": "zero",
    r"as chance goes": "on average",
    r"on paper": "Euclidean; in print",
    r"(?:for|to|by|of|as|from|than) who": "for those who, if you",
    r"(?<!\w )who (?:wants|asks|comes|has) (?!been)": "those who",
    r"wanders? with": "varies with",
}
"""Private nouns and riddles, as regular expressions, and what to write instead."""

BANNED = re.compile("|".join(rf"\b(?:{words})\b" for words in INSTEAD), re.IGNORECASE)
GAPS = re.compile(r"[\s_]+")
JSDOC = re.compile(r"@\w+\s*\{(?:[^{}]|\{[^{}]*\})*\}(?:[ ]\[?[\w.]+)?")
"""A tag's type and the name it is of: code, as names are in Python."""
JS_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`')
CODE = re.compile(
    r"```.*?```|``.*?``|`[^`\n]*`|<!-- generated.*?<!-- end -->|\]\(#[^)\s]*\)|^::: digests.*?^:::",
    re.DOTALL | re.MULTILINE,
)
"""What is no prose: ids, which links may hold, are code too."""


def said(code: str) -> Iterator[str]:
    """Yield the comments, the docstrings and the names of tests of a Python source.

    A string that begins a line of code is a docstring. To read the tokens alone takes half as long
    as to parse the file too.
    """
    before, word = tokenize.NEWLINE, ""
    for kind, token, *_ in tokenize.generate_tokens(io.StringIO(code).readline):
        if kind == tokenize.COMMENT:
            yield token
        elif kind == tokenize.STRING and before in BEGINNING and token[0] != "f":
            yield ast.literal_eval(token)
        elif word == "def" and token.startswith("test_"):
            yield token.replace("_", " ")
        if kind not in (tokenize.COMMENT, tokenize.NL):
            before, word = kind, token


BEGINNING = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
"""The tokens after which a line of code begins."""


def prose(path: Path) -> str:
    """Return the comments and docstrings of a source file, or a document without its code.

    Of a test its name is read too, and of JavaScript each string of several words.
    """
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        text = "\n".join(said(text))
    elif path.suffix in (".js", ".mjs", ".css"):
        comments = re.findall(r"/\*.*?\*/|(?<![:'\"`])//[^\n]*", text, re.DOTALL)
        strings = (each[1:-1] for each in JS_STRING.findall(text) if len(each.split()) > 1)
        text = JSDOC.sub("", "\n".join((*comments, *strings)))
    elif path.suffix != ".md":
        text = "\n".join(re.findall(r"(?:^|\s)#[^\n]*", text))
    return re.sub(r"\s+", " ", CODE.sub("", text))


def found(path: Path) -> list[str]:
    """Return the banned words of a file, each with its neighbors.

    A source that has none even in its code, whose names are words with ``_`` between them, need not
    be read as Python, which takes three times as long.
    """
    if path.suffix == ".py" and not BANNED.search(GAPS.sub(" ", path.read_text("utf-8"))):
        return []
    text = prose(path)
    return [text[max(0, m.start() - 25) : m.end() + 25] for m in BANNED.finditer(text)]


KINDS = (".py", ".js", ".mjs", ".css", ".md", ".toml", ".yml", ".yaml", ".conf")
FILES = [
    ROOT / name
    for name in subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    if (name.endswith(KINDS) or Path(name).name in ("Makefile", "Dockerfile", "run"))
    and not name.startswith("app/natgrad_lecture/static/")  # bundles
    and not name.endswith("test_words.py")
    and (ROOT / name).exists()
]


def told(uses: list[tuple[Path, str]]) -> str:
    """Say where the words are, and what to write instead."""
    lines = [f"{path.relative_to(ROOT)}: … {text} …" for path, text in uses]
    terms = {
        f"{words} -> {instead}"
        for words, instead in INSTEAD.items()
        for _, text in uses
        if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)
    }
    return "\n".join(["", *lines, *sorted(terms)])


def test_texts_use_standard_terms() -> None:
    uses = [(path, text) for path in FILES for text in found(path)]
    assert not uses, told(uses)


@pytest.mark.parametrize("name", ["lecture_map.py", "text/home.md", "text/glossary.md"])
def test_the_words_of_the_home_page_are_read(name: str) -> None:
    assert ROOT / "app/natgrad_lecture" / name in FILES


def test_every_kind_of_text_is_read(tmp_path: Path) -> None:
    kinds = Counter(path.suffix for path in FILES)
    assert kinds[".py"] > 200
    assert kinds[".md"] > 10
    assert kinds[".js"] > 30
    for name, text in {
        "a.py": '"""On the shelf."""\nx = 1  # made anew\ny = "a shelf"\n',
        "a.js": "/** On the shelf. */\nlet a = 'shelf'; // made anew\n",
        "a.test.js": 'test("what is on the shelf", () => is("shelf", 1, `made\nanew`));\n',
        "test_a.py": "def test_a_shelf_is_made_anew() -> None:\n    shelf = 1\n",
        "a.md": "On the shelf, made\nanew. `shelf` ``shelf``\n```\nshelf\n```\n",
        "b.md": "On the shelf, made anew.\n\n::: digests\nclaim-shelf=1f\n:::\n",
        "a.toml": '# On the shelf, made anew.\nname = "shelf"\n',
    }.items():
        (tmp_path / name).write_text(text)
        assert len(found(tmp_path / name)) == 2, name


EIGENVALUE = re.compile(
    r"\\lambda_?\{?\\?(?:max|min)|\\lambda\(|λ_?(?:max|min)|λ\("
    r"|eigenvalues? (?:of \S+ )?\$?(?:λ|\\lambda)"
)


def test_an_eigenvalue_is_gamma_because_lambda_is_the_damping() -> None:
    names = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    rooms = ("app/natgrad_lecture/", "natgrad_core/", "docs/")
    files = [ROOT / n for n in names if n.startswith(rooms) and n.endswith((".py", ".md"))]
    found = {
        str(path.relative_to(ROOT)): EIGENVALUE.findall(path.read_text("utf-8")) for path in files
    }
    assert len(files) > 300
    assert not {name: hits for name, hits in found.items() if hits}

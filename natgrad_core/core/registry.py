"""A registry is a named, read-only shelf.

A module dropped in a package puts its items on the package's shelf with ``@shelf.register(name)``.
The shelf imports its package's modules the first time somebody looks at it, so that a new file
needs no second edit anywhere and ``import natgrad_core`` stays cheap.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar, cast

from natgrad_core.core.provenance import remembering
from natgrad_core.errors import UnknownName

T = TypeVar("T")
S = TypeVar("S")


class Registry(Mapping[str, T]):
    """Names to items, filled by the modules of one package.

    ``kind`` is the word for one item in messages ("problem"), ``package`` the package whose
    modules register themselves. What a shelf that ``natgrad_core`` offers under a ``public`` name
    makes, remembers the call (``natgrad_core.core.provenance``).
    """

    def __init__(self, kind: str, package: str, public: str = "") -> None:
        self.kind = kind
        self._package = package
        self._public = public
        self._items: dict[str, T] = {}
        self._formulas: dict[str, str] = {}
        self._filled = False

    def register(self, name: str, latex: str = "") -> Callable[[S], S]:
        """Put the decorated item on the shelf under ``name``, once.

        ``latex`` is its formula, if what it makes is a plain function and cannot say it.
        """

        def put(item: S) -> S:
            if name in self._items:
                raise ValueError(f"two items want to be the {self.kind} {name!r}")
            if self._public:
                item = remembering("natgrad_core", f'{self._public}["{name}"]')(item)
            self._items[name] = cast(T, item)
            self._formulas[name] = latex
            return item

        return put

    def formula(self, name: str) -> str:
        """Return the LaTeX that an item was registered with; UnknownName if there is none such."""
        self[name]
        return self._formulas[name]

    def _fill(self) -> dict[str, T]:
        if not self._filled:
            self._filled = True
            import pkgutil  # when first looked at: `import natgrad_core` is to be quick

            package = importlib.import_module(self._package)
            for module in pkgutil.iter_modules(package.__path__):
                if not module.name.startswith("_"):  # what items share is no item
                    importlib.import_module(f"{self._package}.{module.name}")
        return self._items

    def __getitem__(self, name: str) -> T:
        items = self._fill()
        if name not in items:
            import difflib  # for the one who mistypes

            near = difflib.get_close_matches(str(name), items, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise UnknownName(f"no {self.kind} {name!r}{hint}; there are {', '.join(self)}")
        return items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._fill()))

    def __len__(self) -> int:
        return len(self._fill())

    def __repr__(self) -> str:
        return f"<{self.kind}s: {', '.join(self)}>"

"""A registry maps names to items and is read-only.

A module of a package registers its item with ``@registry.register(...)``; the item's name is the
module's, with "-" for "_". The registry imports its package's modules the first time somebody looks
at it, so that a new file needs no second edit anywhere and ``import natgrad_core`` stays cheap.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

from natgrad_core.core.provenance import remembering
from natgrad_core.core.traits import Traits
from natgrad_core.errors import UnknownName

T = TypeVar("T")
S = TypeVar("S")


def _name_of_module(item: Any) -> str:
    """The name of the file in which a class or a function is defined, with "-" for "_"."""
    return str(item.__module__).rpartition(".")[2].replace("_", "-")


_FILLING = threading.RLock()
"""Held by the thread that imports items. One for all registries, whose items import one another."""


class Registry(Mapping[str, T]):
    """Names to items, filled by the modules of one package.

    Args:
        kind: The word for one item in messages, "problem".
        package: The package whose modules register themselves.
        public: The name under which ``natgrad_core`` offers the registry. What its items make
            remembers the call (``natgrad_core.core.provenance``).
        traits: The class of what an item declares of itself; it checks what it is given.
        check: Called with the name and the item, it may refuse the item or give it its name.
        name_of: Says the name of an item that is registered without one.
    """

    def __init__(
        self,
        kind: str,
        package: str,
        public: str = "",
        traits: type[Traits] = Traits,
        check: Callable[[str, Any], Any] | None = None,
        name_of: Callable[[Any], str] = _name_of_module,
    ) -> None:
        self.kind = kind
        self._package = package
        self._public = public
        self._kind_of_traits = traits
        self._check = check
        self._name_of = name_of
        self._items: dict[str, T] = {}
        self._traits: dict[str, Traits] = {}
        self._filled = False
        self._filling = False

    def register(self, name: str = "", /, **declared: Any) -> Callable[[S], S]:
        """Register the decorated item, once.

        Args:
            name: Its name, if it is not its module's.
            declared: Its traits, the fields of the registry's class of traits.

        Returns:
            The decorator.

        Raises:
            ValueError: The name is taken, a trait is not known or missing, or two items have the
                same of what only one may have.
        """

        def put(item: S) -> S:
            called = name or self._name_of(item)
            if called in self._items:
                raise ValueError(f"two items want to be the {self.kind} {called!r}")
            traits = self._declared(called, declared)
            if self._check:
                item = self._check(called, item)
            if self._public:
                item = remembering("natgrad_core", f'{self._public}["{called}"]')(item)
            self._items[called] = cast(T, item)
            self._traits[called] = traits
            return item

        return put

    def _declared(self, name: str, declared: Mapping[str, Any]) -> Traits:
        try:
            traits = self._kind_of_traits(**declared)
        except (TypeError, ValueError) as wrong:
            words = str(wrong).replace(f"{self._kind_of_traits.__name__}.__init__() ", "")
            raise ValueError(f"the {self.kind} {name!r}: {words}") from None
        for other, theirs in self._traits.items():
            if traits.alone is not None and theirs.alone == traits.alone:
                raise ValueError(f"the {self.kind} {name!r}: {other!r} has {traits.alone} already")
        return traits

    def traits(self, name: str) -> Any:
        """Return what an item declares of itself.

        Args:
            name: The item's name.

        Returns:
            Its traits (``natgrad_core.core.traits``).

        Raises:
            UnknownName: If there is no such item.
        """
        self[name]
        return self._traits[name]

    def _fill(self) -> dict[str, T]:
        """Import the package's modules, once; another thread waits until all of them are there.

        A module may look at the registry while it is imported: it sees what is there by then.
        """
        if not self._filled:
            with _FILLING:
                if not self._filling:
                    self._filling = True
                    try:
                        self._import_all()
                        self._filled = True
                    finally:
                        self._filling = self._filled
        return self._items

    def _import_all(self) -> None:
        import pkgutil  # when first looked at: `import natgrad_core` is to be quick

        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("_"):  # what items share
                importlib.import_module(f"{self._package}.{module.name}")

    def __getitem__(self, name: str) -> T:
        items = self._fill()
        if name not in items:
            import difflib  # only for an unknown name

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

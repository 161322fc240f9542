"""How a thing was made, so that it can be written down again as the Python that makes it.

Whatever comes off a shelf remembers the call that made it (``made(thing)``), and so do chains and
charted problems; ``Writer`` writes such calls out. A lesson's runs become a script this way, and
whoever adds a rule or a problem has nothing to do for it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

S = TypeVar("S")

_ATTRIBUTE = "_made"


class Made(NamedTuple):
    """The call ``expression(*given, **named)``, where ``module`` holds the first name in it."""

    module: str
    expression: str
    given: tuple[Any, ...]
    named: Mapping[str, Any]


def made(thing: Any) -> Made | None:
    """The call that made a thing, if it was remembered."""
    return getattr(thing, _ATTRIBUTE, None)


def remember(thing: S, call: Made) -> S:
    """The thing, from now on knowing the call."""
    object.__setattr__(thing, _ATTRIBUTE, call)  # a Rule is frozen; what it does stays as it was
    return thing


def remembering(module: str, expression: str) -> Callable[[S], S]:
    """Decorate a class or a function: what it makes knows its call. The outermost call counts."""

    def decorate(maker: S) -> S:
        if isinstance(maker, type):
            _remember_in(maker, module, expression)
            return maker
        plain = cast("Callable[..., Any]", maker)

        @functools.wraps(plain)
        def call(*given: Any, **named: Any) -> Any:
            return remember(plain(*given, **named), Made(module, expression, given, named))

        return cast(S, call)

    return decorate


def _remember_in(kind: type, module: str, expression: str) -> None:
    plain = kind.__init__

    @functools.wraps(plain)
    def init(self: Any, *given: Any, **named: Any) -> None:
        plain(self, *given, **named)
        if type(self) is kind:
            remember(self, Made(module, expression, given, named))

    kind.__init__ = init  # type: ignore[method-assign]


class Unwritable(TypeError):
    """A thing that was not made by a call that a script could repeat."""


class Writer:
    """Writes values as Python, and keeps what has to be imported for them."""

    def __init__(self) -> None:
        self._imports: dict[str, set[str]] = {}
        self._named: dict[str, str] = {}
        self._numpy = False

    def take(self, module: str, *names: str) -> None:
        """Have these names imported."""
        self._imports.setdefault(module, set()).update(names)

    def name(self, expression: str, name: str) -> None:
        """From now on write the variable ``name`` where this expression would stand."""
        self._named[expression] = name

    def write(self, value: Any) -> str:
        """The expression whose value this is; numbers to the last bit."""
        expression = self._write(value)
        while (name := self._named.get(expression, expression)) != expression:
            expression = name
        return expression

    def _write(self, value: Any) -> str:
        call = made(value)
        if call is not None:
            return self._call(call)
        if isinstance(value, np.ndarray | np.generic):
            return self._write(value.tolist())
        if isinstance(value, float) and not math.isfinite(value):
            return f'float("{value}")'
        if isinstance(value, dict):
            pairs = cast("dict[Any, Any]", value)
            inside = ", ".join(f"{self.write(k)}: {self.write(v)}" for k, v in pairs.items())
            return f"{{{inside}}}"
        if isinstance(value, tuple | list):
            parts = [self.write(part) for part in cast("Sequence[Any]", value)]
            inside = ", ".join(parts)
            return f"({inside},)" if len(parts) == 1 else f"({inside})"
        if isinstance(value, str):
            import json  # only for who writes a script: `import natgrad_core` is to be quick

            return json.dumps(value, ensure_ascii=False)
        if value is None or isinstance(value, bool | int | float):
            return repr(value)
        raise Unwritable(f"{type(value).__name__} {value!r} knows no call that makes it")

    def _call(self, call: Made) -> str:
        named = [f"{name}={self.write(value)}" for name, value in call.named.items()]
        inside = ", ".join([*map(self.write, call.given), *named])
        if call.expression.startswith("."):  # a method of the first thing given
            of, *rest = map(self.write, call.given)
            return f"{of}{call.expression}({', '.join([*rest, *named])})"
        self.take(call.module, call.expression.partition("[")[0].partition(".")[0])
        return f"{call.expression}({inside})"

    def numpy(self) -> None:
        """Have NumPy imported, as ``np``."""
        self._numpy = True

    def imports(self) -> str:
        """The import lines, sorted."""
        lines = [
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in sorted(self._imports.items())
        ]
        return "\n".join(["import numpy as np\n", *lines] if self._numpy else lines)

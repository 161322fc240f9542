"""Write values as the Python that makes them again: a lesson's runs become a script.

A value is written by the call that made it (``natgrad_core.core.provenance``), and a plain value
(a number, a tuple, a dict) by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from natgrad_core.core.provenance import Call, call_of


class Unwritable(TypeError):
    """A thing was not made by a call that a script could repeat."""


class Writer:
    """Writes values as Python expressions, and collects the imports that they need."""

    def __init__(self) -> None:
        self._imports: dict[str, set[str]] = {}
        self._named: dict[str, str] = {}
        self._numpy = False

    def add_import(self, module: str, *names: str) -> None:
        """Import some names of a module in the script.

        Args:
            module: The module.
            names: The names.
        """
        self._imports.setdefault(module, set()).update(names)

    def name(self, expression: str, name: str) -> None:
        """Write a variable from now on in place of an expression.

        Args:
            expression: The expression.
            name: The variable.
        """
        self._named[expression] = name

    def write(self, value: Any) -> str:
        """Return the expression that has a value; numbers to the last bit.

        Args:
            value: The value.

        Returns:
            The expression.

        Raises:
            Unwritable: If the value was not made by a call that a script could repeat.
        """
        expression = self._write(value)
        while (name := self._named.get(expression, expression)) != expression:
            expression = name
        return expression

    def _write(self, value: Any) -> str:
        call = call_of(value)
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
            import json  # only scripts need it, and `import natgrad_core` is to be quick

            return json.dumps(value, ensure_ascii=False)
        if value is None or isinstance(value, bool | int | float):
            return repr(value)
        raise Unwritable(
            f"{type(value).__name__} {value!r} was made by no call that a script could repeat"
        )

    def _call(self, call: Call) -> str:
        named = [f"{name}={self.write(value)}" for name, value in call.named.items()]
        inside = ", ".join([*map(self.write, call.given), *named])
        if call.expression.startswith("."):  # a method of the first thing given
            of, *rest = map(self.write, call.given)
            return f"{of}{call.expression}({', '.join([*rest, *named])})"
        self.add_import(call.module, call.expression.partition("[")[0].partition(".")[0])
        return f"{call.expression}({inside})"

    def numpy(self) -> None:
        """Import NumPy as ``np`` in the script."""
        self._numpy = True

    def imports(self) -> str:
        """Return the import lines, sorted.

        Returns:
            The lines, as one text.
        """
        lines = [
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in sorted(self._imports.items())
        ]
        return "\n".join(["import numpy as np\n", *lines] if self._numpy else lines)

"""How many bytes a result takes, with all that it holds."""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Collection
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any

_SHARED = (
    type,
    ModuleType,
    CodeType,
    FrameType,
    BuiltinFunctionType,
    functools._lru_cache_wrapper,
)
"""What belongs to the program and not to a result; so does a class that says so by an attribute
``of_the_program``."""

_PLAIN = (bool, bytes, complex, float, int, str, type(None))
"""What holds nothing else; most of what is looked at is of these kinds."""


def _kind(kind: type) -> str:
    """How objects of a kind are followed."""
    if issubclass(kind, _SHARED) or getattr(kind, "of_the_program", False):
        return "shared"
    if issubclass(kind, _PLAIN):
        return "plain"
    bases = {(base.__module__.partition(".")[0], base.__name__) for base in kind.__mro__}
    if any(module == "llvmlite" for module, _ in bases):  # it refers to all of LLVM's functions
        return "shared"
    if ("numpy", "ndarray") in bases:
        return "array"
    if ("torch", "Tensor") in bases:
        return "tensor"
    return "function" if issubclass(kind, FunctionType) else "container"


class _Kinds(dict[type, str]):
    """How objects of the kinds that were met are followed."""

    def __missing__(self, kind: type) -> str:
        self[kind] = found = _kind(kind)
        return found


_KINDS = _Kinds()


def weight(roots: Collection[object], others: Collection[int] = frozenset()) -> int:
    """Return how many bytes some objects take, with all that they hold.

    Whatever refers to something is followed: containers, attributes, what a function or a generator
    holds. Arrays count with the memory that they look into, tensors with their storage.

    Args:
        roots: The objects.
        others: The identities of objects that are counted elsewhere and not followed, unless they
            are among the roots.
    """
    total = 0
    left: list[Any] = list(roots)
    seen: set[int] = set()
    starts = {id(root) for root in left}
    kinds, size, held = _KINDS, sys.getsizeof, gc.get_referents
    while left:
        it = left.pop()
        place, kind = id(it), kinds[type(it)]
        if kind == "shared" or place in seen or (place in others and place not in starts):
            continue
        seen.add(place)
        total += size(it)
        if kind == "plain":
            continue
        if kind == "container":
            left += held(it)
        elif kind == "function":  # not its globals, which are a module's
            left += filter(None, (it.__closure__, it.__defaults__, it.__kwdefaults__))
        elif kind == "array":
            if it.base is not None:  # whose memory it is
                left.append(it.base)
            if it.dtype.hasobject:
                left += it.ravel().tolist()
        elif kind == "tensor":
            storage = it.untyped_storage()
            if storage.data_ptr() not in seen:
                seen.add(storage.data_ptr())
                total += storage.nbytes()
            left.append(vars(it))
    return total

"""Where the functions that formulas call lie in memory, for machine code that calls them.

One start computes with C's own functions, as Python's ``math`` does. Many starts compute with the
inner loops of NumPy's and SciPy's functions, as arrays do. So machine code gives the same digits as
the formula itself.
"""

from __future__ import annotations

import ctypes
import importlib
from functools import cache
from typing import Any, NamedTuple

DOUBLE = 12
"""NumPy's number for the type float64."""

IN_C = {
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tanh": "tanh",
    "log1p": "log1p",
    "expm1": "expm1",
    "atan2": "atan2",
    "pow": "pow",
}
"""Functions of C's library that Python's ``math`` calls, by their name in a traced line."""

UFUNCS: dict[str, tuple[str, tuple[float, ...]]] = {
    "exp": ("numpy.exp", ()),
    "log": ("numpy.log", ()),
    "sin": ("numpy.sin", ()),
    "cos": ("numpy.cos", ()),
    "tanh": ("numpy.tanh", ()),
    "log1p": ("numpy.log1p", ()),
    "expm1": ("numpy.expm1", ()),
    "atan2": ("numpy.arctan2", ()),
    "pow": ("numpy.power", ()),
    "lgamma": ("scipy.special.gammaln", ()),
    "digamma": ("scipy.special.psi", ()),
    "zeta2": ("scipy.special._ufuncs._zeta", (2.0,)),
    "zeta3": ("scipy.special._ufuncs._zeta", (3.0,)),
    "zeta4": ("scipy.special._ufuncs._zeta", (4.0,)),
    "i0e": ("scipy.special.i0e", ()),
    "i1e": ("scipy.special.i1e", ()),
    "log_ndtr": ("scipy.special.log_ndtr", ()),
    "erf": ("scipy.special.erf", ()),
}
"""Functions of arrays: where each is, and what it takes before its argument."""


IN_SCIPY = {
    "lgamma": "gammaln",
    "digamma": "__pyx_fuse_1psi",
    "i0e": "i0e",
    "i1e": "i1e",
    "log_ndtr": "__pyx_fuse_1log_ndtr",
    "erf": "__pyx_fuse_1erf",
}
"""The same functions of one number as ``scipy.special.cython_special`` exports them. A call of an
inner loop also clears and reads the processor's flags, which takes longer than the function.
"""


class Loop(NamedTuple):
    """A compiled inner loop of a NumPy function: void loop(args, dims, steps, data)."""

    address: int
    data: int
    before: tuple[float, ...]


class _UFunc(ctypes.Structure):
    """The head of NumPy's PyUFuncObject, as its C interface states it (numpy/ufuncobject.h)."""

    _fields_ = (
        ("head", ctypes.c_ssize_t * 2),
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("types", ctypes.POINTER(ctypes.c_char)),
    )


@cache
def in_c(name: str) -> int:
    """Return the address of a function of C's library.

    Raises:
        LookupError: If there is none.
    """
    try:
        function = getattr(ctypes.CDLL(None), IN_C[name])
    except (AttributeError, OSError, TypeError) as error:
        raise LookupError(f"C's library has no {name} here") from error
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@cache
def in_scipy(name: str) -> int:
    """Return the address of a function that SciPy exports: double f(double, int).

    Raises:
        LookupError: If SciPy does not export it in this form.
    """
    module: Any = importlib.import_module("scipy.special.cython_special")
    capsule = module.__pyx_capi__.get(IN_SCIPY.get(name))
    kind = b"double (double, int __pyx_skip_dispatch)"
    valid, pointer = ctypes.pythonapi.PyCapsule_IsValid, ctypes.pythonapi.PyCapsule_GetPointer
    valid.argtypes = pointer.argtypes = (ctypes.py_object, ctypes.c_char_p)
    pointer.restype = ctypes.c_void_p
    if capsule is None or not valid(capsule, kind):
        raise LookupError(f"SciPy exports no {name} here")
    return int(pointer(capsule, kind))


@cache
def loop(name: str) -> Loop:
    """Return the inner loop of a function on float64.

    Raises:
        LookupError: If NumPy does not keep it where its C interface says.
    """
    path, before = UFUNCS[name]
    module, _, last = path.rpartition(".")
    try:
        function: Any = getattr(importlib.import_module(module), last)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"there is no {path} here") from error
    held = ctypes.py_object(function)
    size = type(function).__basicsize__
    if size < ctypes.sizeof(_UFunc) or object.__basicsize__ != ctypes.sizeof(ctypes.c_ssize_t * 2):
        raise LookupError(f"{path} is not kept as NumPy's C interface says")
    address = ctypes.c_void_p.from_buffer(held).value or 0
    seen = _UFunc.from_address(address)
    counts = (function.nin, function.nout, function.nargs, function.ntypes)
    if (seen.nin, seen.nout, seen.nargs, seen.ntypes) != counts:
        raise LookupError(f"{path} is not kept as NumPy's C interface says")
    nargs = function.nargs
    for at in range(function.ntypes):
        if all(ord(seen.types[at * nargs + i]) == DOUBLE for i in range(nargs)):
            data = seen.data[at] if seen.data else None
            return Loop(int(seen.functions[at] or 0), int(data or 0), before)
    raise LookupError(f"{path} has no loop on float64")

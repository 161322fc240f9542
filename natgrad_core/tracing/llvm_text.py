"""A traced step written as LLVM's language: one function that runs many starts, with its loops.

The text is the arithmetic of the lines in their order, nothing fused and nothing reordered, so its
numbers are those of the formula, to the last bit. ``width`` starts go side by side in a processor's
vector register. A sum over data rows is a loop that adds in NumPy's order (pairwise summation).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from natgrad_core.tracing import native_functions as native
from natgrad_core.tracing.functions import ZETA_LEAST
from natgrad_core.tracing.tape import Line

LONGEST = 5000
"""Lines of a step, from which on it is not compiled, because that would take seconds."""

LEAF = 128
"""NumPy sums so many rows in eight running sums; more rows it halves first."""

TABLE = ("lo", "hi", "n", "steps", "start", "first_out", "second_out", "target")
"""The words at the head of the function's table. Then it says where each constant is, the numbers
before the data columns; then whether each has a value for each start (1) or one for all (0)."""

COLUMNS = ("column", "columns")
"""What a parameter becomes beside data columns: of few rows, of many (``row_sums.Rows``)."""

ARITHMETIC = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"}
COMPARED = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge"}


class Refused(Exception):
    """A line that has no machine code here; the formula itself must be called."""


class Plan(NamedTuple):
    """What the function is to do with the outputs: the state's parts, conditions, then a score."""

    parts: int
    """How many numbers the state has."""
    shown: int
    """How many of these are the point θ."""
    scored: bool
    """True: keep the last point, and the first step at which the last output is ≤ a target. False:
    keep every point, and whether all conditions held so far."""
    width: int
    """How many starts go side by side."""


class Written(NamedTuple):
    """The text of the function ``run``, and which constants its table must hold, in order."""

    text: str
    constants: tuple[str, ...]


def leaves(length: int, low: int = 0) -> list[int]:
    """Where the parts begin in which NumPy adds so many numbers (pairwise summation)."""
    if length <= LEAF:
        return [low]
    half = length // 2 - length // 2 % 8
    return leaves(half, low) + leaves(length - half, low + half)


def written(
    lines: Sequence[Line], outputs: Sequence[str], rows: Sequence[int], plan: Plan
) -> Written:
    """Write the function.

    Args:
        lines: The traced lines.
        outputs: The next state, the conditions that a good point meets and, where ``plan`` says so,
            the score: both of the state itself, not of the next.
        rows: For each constant the length of the data column that it is, 0 for a number.
        plan: What to keep.

    Raises:
        Refused: For a line without machine code.
    """
    if len(lines) > LONGEST:
        raise Refused(f"it has {len(lines)} lines, and {LONGEST} at most are compiled")
    return _Writer(lines, outputs, rows, plan).whole()


def needed(lines: Iterable[Line], outputs: Iterable[str]) -> list[Line]:
    """Return the lines that the outputs need."""
    wanted, kept = set(outputs), list[Line]()
    for line in reversed(list(lines)):
        if line[0] in wanted:
            wanted.update(line[2])
            kept.append(line)
    return kept[::-1]


class _Writer:
    def __init__(
        self, lines: Sequence[Line], outputs: Sequence[str], rows: Sequence[int], plan: Plan
    ) -> None:
        self.lines, self.outputs, self.rows, self.plan = needed(lines, outputs), outputs, rows, plan
        w = plan.width
        self.vector, self.truth = ("double", "i1") if w == 1 else (f"<{w} x double>", f"<{w} x i1>")
        self.code: list[str] = []
        self.head: list[str] = []
        self.globals: list[str] = []
        self.helpers: dict[str, str] = {}
        self.used: dict[str, str] = {}
        self.count = 0
        self.block = "step"
        self.ending: list[str] = []
        self.arrays = plan.width > 1
        self.values: dict[str, tuple[str, bool]] = {}
        """Results so far: LLVM's name, and whether it is a condition."""

    # Small parts ------------------------------------------------------------------------------

    def name(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def put(self, text: str) -> str:
        """Add an operation; return the name of its result."""
        name = self.name()
        self.code.append(f"  {name} = {text}")
        return name

    def splat(self, value: float) -> str:
        bits = f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
        if self.plan.width == 1:
            return bits
        return f"<{', '.join([f'double {bits}'] * self.plan.width)}>"

    def spread(self, scalar: str) -> str:
        """The same number in each place of a vector."""
        if self.plan.width == 1:
            return scalar
        one = self.put(f"insertelement {self.vector} poison, double {scalar}, i32 0")
        zero = f"<{self.plan.width} x i32> zeroinitializer"
        return self.put(f"shufflevector {self.vector} {one}, {self.vector} poison, {zero}")

    def constant(self, name: str) -> str:
        """The number that a constant is, loaded once before the steps."""
        if self.rows[int(name[1:])]:
            raise Refused(f"a data column where one number is needed ({name})")
        self.used.setdefault(name, f"%{name}")
        return self.used[name]

    def operand(self, name: str) -> tuple[str, bool]:
        if name[0] == "(":
            number = {"(True)": 1, "(False)": 0}.get(name)
            return self.splat(float(number if number is not None else name[1:-1])), False
        if name in self.values:
            return self.values[name]
        return self.constant(name), False

    def number(self, name: str) -> str:
        """An operand as numbers: a condition is 1 where it holds."""
        text, condition = self.operand(name)
        if condition:
            return self.put(f"uitofp {self.truth} {text} to {self.vector}")
        return text

    def condition(self, name: str) -> str:
        """An operand as a condition: a number holds where it is not 0."""
        text, condition = self.operand(name)
        if condition:
            return text
        return self.put(f"fcmp une {self.vector} {text}, {self.splat(0.0)}")

    # Operations -------------------------------------------------------------------------------

    def line(self, name: str, operation: str, args: tuple[str, ...]) -> tuple[str, bool]:
        """Write one line; return its result and whether it is a condition."""
        v = self.vector
        self.arrays = self.plan.width > 1 or name in self.by_numpy
        if operation in COLUMNS:
            return self.number(args[0]), False
        if operation == "row_sum":  # of a value that no data row changes
            return self.put(f"fadd {v} {self.splat(0.0)}, {self.number(args[0])}"), False
        if operation == "where":
            test = self.condition(args[0])
            yes, no = self.number(args[1]), self.number(args[2])
            return self.put(f"select {self.truth} {test}, {v} {yes}, {v} {no}"), False
        given = [self.number(a) for a in args]
        if operation in ARITHMETIC:
            return self.put(f"{ARITHMETIC[operation]} {v} {given[0]}, {given[1]}"), False
        if operation in COMPARED:
            return self.put(f"fcmp {COMPARED[operation]} {v} {given[0]}, {given[1]}"), True
        if operation in ("minimum", "maximum"):
            test = "olt" if operation == "minimum" else "ogt"
            first = self.put(f"fcmp {test} {v} {given[0]}, {given[1]}")
            missing = self.put(f"fcmp uno {v} {given[0]}, {given[0]}")
            either = self.put(f"or {self.truth} {first}, {missing}")
            chosen = f"select {self.truth} {either}, {v} {given[0]}, {v} {given[1]}"
            return self.put(chosen), False
        if operation == "finite":
            zero = self.put(f"fsub {v} {given[0]}, {given[0]}")
            return self.put(f"fcmp ord {v} {zero}, {zero}"), True
        if operation == "neg":
            return self.put(f"fneg {v} {given[0]}"), False
        if operation in ("abs", "sqrt"):
            return self.intrinsic({"abs": "fabs"}.get(operation, operation), given[0]), False
        if operation == "**":
            return self.power(given, args[1]), False
        if operation in ("tetragamma", "pentagamma"):  # (−1)ⁿ⁺¹ n! ζ(n + 1, x), as SciPy has it
            name, factor = ("zeta3", -2.0) if operation == "tetragamma" else ("zeta4", 6.0)
            found = self.call(name, [self.above_least(given[0])])
            return self.put(f"fmul {v} {self.splat(factor)}, {found}"), False
        if operation == "zeta2":
            return self.call(operation, [self.above_least(given[0])]), False
        if operation in native.UFUNCS:
            return self.call(operation, given), False
        raise Refused(f"{operation!r} has no machine code")

    def above_least(self, argument: str) -> str:
        """The argument, and NaN where Hurwitz's zeta would take long (functions.ZETA_LEAST)."""
        v = self.vector
        above = self.put(f"fcmp ogt {v} {argument}, {self.splat(ZETA_LEAST)}")
        return self.put(
            f"select {self.truth} {above}, {v} {argument}, {v} {self.splat(float('nan'))}"
        )

    def intrinsic(self, name: str, argument: str) -> str:
        full = f"@llvm.{name}.{'f64' if self.plan.width == 1 else f'v{self.plan.width}f64'}"
        self.helpers[full] = f"declare {self.vector} {full}({self.vector})"
        return self.put(f"call {self.vector} {full}({self.vector} {argument})")

    def power(self, given: list[str], exponent: str) -> str:
        """A power; of arrays NumPy shortens some, of floats Python shortens none."""
        base, one = given[0], self.splat(1.0)
        match exponent if self.arrays else "":
            case "(-1)":
                return self.put(f"fdiv {self.vector} {one}, {base}")
            case "(0)":
                return one
            case "(0.5)":
                return self.intrinsic("sqrt", base)
            case "(1)":
                return base
            case "(2)":
                return self.put(f"fmul {self.vector} {base}, {base}")
            case _:
                return self.call("pow", given)

    def call(self, name: str, given: list[str]) -> str:
        try:
            if not self.arrays and name in native.IN_C:
                target = f"inttoptr (i64 {native.in_c(name)} to ptr)"
            elif not self.arrays and name in native.IN_SCIPY:
                return self.exported(name, given[0])
            else:
                target = f"@call_{name}"
                self.helpers.setdefault(target, self.helper(name, target, len(given)))
        except LookupError as error:
            raise Refused(str(error)) from error
        listed = ", ".join(f"{self.vector} {g}" for g in given)
        return self.put(f"call {self.vector} {target}({listed}) nounwind willreturn memory(none)")

    def exported(self, name: str, argument: str) -> str:
        """A call of a function that SciPy exports, which takes an int that it does not read."""
        target = f"inttoptr (i64 {native.in_scipy(name)} to ptr)"
        given = f"double {argument}, i32 0"
        return self.put(f"call double {target}({given}) nounwind willreturn memory(none)")

    def helper(self, name: str, target: str, count: int) -> str:
        """A function that hands its arguments to the inner loop of a NumPy function.

        Zeta of NaN is NaN itself: so what a choice leaves out costs no call.
        """
        v, w = self.vector, self.plan.width
        address, data, before = native.loop(name)
        total = len(before) + count
        names = ", ".join(f"{v} %x{i}" for i in range(count))
        body = [
            f"define internal {v} {target}({names}) noinline nounwind {{",
            f"  %args = alloca [{total + 1} x ptr]",
            "  %dims = alloca i64",
            f"  %steps = alloca [{total + 1} x i64]",
            f"  store i64 {w}, ptr %dims",
        ]
        for i in range(total + 1):
            kind = "double" if i < len(before) else v
            body.append(f"  %in{i} = alloca {kind}")
            if i < len(before):
                bits = struct.unpack("<Q", struct.pack("<d", before[i]))[0]
                body.append(f"  store double 0x{bits:016X}, ptr %in{i}")
            elif i < total:
                body.append(f"  store {v} %x{i - len(before)}, ptr %in{i}")
            body += [
                f"  %p{i} = getelementptr ptr, ptr %args, i64 {i}",
                f"  store ptr %in{i}, ptr %p{i}",
                f"  %s{i} = getelementptr i64, ptr %steps, i64 {i}",
                f"  store i64 {0 if i < len(before) else 8}, ptr %s{i}",
            ]
        if name.startswith("zeta"):
            body.append(f"  %missing = fcmp uno {v} %x0, %x0")
            every = "%missing"
            if w > 1:
                every, kind = "%every", f"<{w} x i1>"
                reduce = f"@llvm.vector.reduce.and.v{w}i1"
                self.helpers[reduce] = f"declare i1 {reduce}({kind})"
                body.append(f"  %every = call i1 {reduce}({kind} %missing)")
            body += [
                f"  br i1 {every}, label %left_out, label %known",
                "left_out:",
                f"  ret {v} %x0",
                "known:",
            ]
        return "\n".join(
            [
                *body,
                f"  call void inttoptr (i64 {address} to ptr)"
                f"(ptr %args, ptr %dims, ptr %steps, ptr inttoptr (i64 {data} to ptr))",
                f"  %found = load {v}, ptr %in{total}",
                f"  ret {v} %found",
                "}",
            ]
        )

    # Data rows --------------------------------------------------------------------------------

    def sort(self) -> None:
        """Say of each line how many rows its value has, and after which sums it can be made."""
        self.columned: set[str] = set()
        self.by_numpy: set[str] = set()
        self.length: dict[str, int] = {}
        self.level: dict[str, int] = {}
        for name, operation, args in self.lines:
            within = operation in COLUMNS or (
                operation != "row_sum" and any(a in self.columned for a in args)
            )
            if operation == "columns" or (within and any(a in self.by_numpy for a in args)):
                self.by_numpy.add(name)
            level = max((self.level.get(a, 0) for a in args), default=0)
            lengths = {self.length[a] for a in args if a in self.length}
            if within:
                self.columned.add(name)
                lengths |= {self.rows[int(a[1:])] for a in args if a[0] == "c"} - {0}
            if len(lengths) > 1:
                raise Refused(f"data columns of different lengths {sorted(lengths)}")
            if lengths and operation == "row_sum":
                level += 1
            elif lengths:
                self.length[name] = lengths.pop()
            self.level[name] = level

    def loop(self, sums: list[Line], length: int) -> None:
        """Write one loop over ``length`` rows that makes these sums."""
        tag, v = self.name()[1:], self.vector
        inside = needed([line for line in self.lines if line[0] in self.length],
                        [line[2][0] for line in sums])  # fmt: skip
        starts = leaves(length)
        whole = length - length % 8
        table = ", ".join(f"i64 {s}" for s in [*starts, length])
        self.globals.append(
            f"@{tag} = internal constant [{len(starts) + 1} x i64] [{table}], align 8"
        )
        for k in range(len(sums)):
            self.head += [
                f"  %{tag}.sum{k} = alloca [15 x {v}], align 64",
                f"  %{tag}.leaf{k} = alloca [{len(starts)} x {v}], align 64",
            ]
        for k in range(len(sums)):
            self.code.append(f"  store [15 x {v}] zeroinitializer, ptr %{tag}.sum{k}")
        self.code += [
            f"  br label %{tag}.leaf",
            f"{tag}.leaf:",
            f"  %{tag}.l = phi i64 [0, %{self.block}], [%{tag}.l1, %{tag}.leafend]",
            f"  %{tag}.l1 = add i64 %{tag}.l, 1",
            f"  %{tag}.p0 = getelementptr i64, ptr @{tag}, i64 %{tag}.l",
            f"  %{tag}.p1 = getelementptr i64, ptr @{tag}, i64 %{tag}.l1",
            f"  %{tag}.i0 = load i64, ptr %{tag}.p0",
            f"  %{tag}.i1 = load i64, ptr %{tag}.p1",
            *(f"  store [8 x {v}] zeroinitializer, ptr %{tag}.sum{k}" for k in range(len(sums))),
            f"  br label %{tag}.row",
            f"{tag}.row:",
            f"  %{tag}.i = phi i64 [%{tag}.i0, %{tag}.leaf], [%{tag}.i2, %{tag}.row]",
            f"  %{tag}.i2 = add i64 %{tag}.i, 1",
        ]
        outer, here = self.values, dict(self.values)
        self.values = here
        for name, operation, args in inside:
            for a in args:
                if a[0] == "c" and self.rows[int(a[1:])] and a not in here:
                    self.used.setdefault(a, f"%{a}")
                    place = self.put(f"getelementptr double, ptr %{a}.p, i64 %{tag}.i")
                    here[a] = self.spread(self.put(f"load double, ptr {place}")), False
            here[name] = self.line(name, operation, args)
        self.code += [
            f"  %{tag}.off = sub i64 %{tag}.i, %{tag}.i0",
            f"  %{tag}.turn = and i64 %{tag}.off, 7",
            f"  %{tag}.late = icmp uge i64 %{tag}.i, {whole}",
            f"  %{tag}.rest = sub i64 %{tag}.i, {whole - 8}",
            f"  %{tag}.slot = select i1 %{tag}.late, i64 %{tag}.rest, i64 %{tag}.turn",
        ]
        for k, (_, _, args) in enumerate(sums):
            place = self.put(f"getelementptr {v}, ptr %{tag}.sum{k}, i64 %{tag}.slot")
            old = self.put(f"load {v}, ptr {place}")
            added = self.put(f"fadd {v} {old}, {self.number(args[0])}")
            self.code.append(f"  store {v} {added}, ptr {place}")
        self.values = outer
        self.code += [
            f"  %{tag}.more = icmp ult i64 %{tag}.i2, %{tag}.i1",
            f"  br i1 %{tag}.more, label %{tag}.row, label %{tag}.leafend",
            f"{tag}.leafend:",
        ]
        for k in range(len(sums)):
            eight = [self.element(f"%{tag}.sum{k}", i) for i in range(8)]
            while len(eight) > 1:
                eight = [
                    self.put(f"fadd {v} {a}, {b}")
                    for a, b in zip(eight[::2], eight[1::2], strict=True)
                ]
            place = self.put(f"getelementptr {v}, ptr %{tag}.leaf{k}, i64 %{tag}.l")
            self.code.append(f"  store {v} {eight[0]}, ptr {place}")
        self.code += [
            f"  %{tag}.again = icmp ult i64 %{tag}.l1, {len(starts)}",
            f"  br i1 %{tag}.again, label %{tag}.leaf, label %{tag}.done",
            f"{tag}.done:",
        ]
        self.block = f"{tag}.done"
        for k, (name, _, _) in enumerate(sums):
            late = [self.element(f"%{tag}.sum{k}", 8 + i) for i in range(length % 8)]
            total = self.tree(f"%{tag}.leaf{k}", starts, 0, length, late)
            self.values[name] = self.put(f"fadd {v} {self.splat(0.0)}, {total}"), False

    def element(self, base: str, i: int) -> str:
        place = self.put(f"getelementptr {self.vector}, ptr {base}, i64 {i}")
        return self.put(f"load {self.vector}, ptr {place}")

    def tree(self, base: str, starts: list[int], low: int, n: int, late: list[str]) -> str:
        """Add the leaves' sums as NumPy does, and the last rows to the last leaf's."""
        if n <= LEAF:
            total = self.element(base, starts.index(low))
            for each in late if low == starts[-1] else ():
                total = self.put(f"fadd {self.vector} {total}, {each}")
            return total
        half = n // 2 - n // 2 % 8
        left = self.tree(base, starts, low, half, late)
        right = self.tree(base, starts, low + half, n - half, late)
        return self.put(f"fadd {self.vector} {left}, {right}")

    # What is kept -----------------------------------------------------------------------------

    def store_point(self, point: list[str], place: str) -> None:
        """Write the points of all starts side by side, parts next to each other."""
        w, v, d = self.plan.width, self.vector, len(point)
        if w > 1 and d == 2:
            order = ", ".join(f"i32 {i}, i32 {i + w}" for i in range(w))
            both = f"<{2 * w} x double>"
            mixed = self.put(
                f"shufflevector {v} {point[0]}, {v} {point[1]}, <{2 * w} x i32> <{order}>"
            )
            self.code.append(f"  store {both} {mixed}, ptr {place}, align 8")
            return
        for i, part in enumerate(point):
            for j in range(w):
                one = part if w == 1 else self.put(f"extractelement {v} {part}, i32 {j}")
                spot = self.put(f"getelementptr double, ptr {place}, i64 {j * d + i}")
                self.code.append(f"  store double {one}, ptr {spot}, align 8")

    def masked(self, alive: str, point: list[str]) -> list[str]:
        """The point where ``alive``, else NaN."""
        nan, v = self.splat(float("nan")), self.vector
        return [self.put(f"select {self.truth} {alive}, {v} {p}, {v} {nan}") for p in point]

    def keep(self, point: list[str], good: str) -> None:
        """Write down the point that the run is at, or at which step it reached the target."""
        plan, v, b, w = self.plan, self.vector, self.truth, self.plan.width
        if not plan.scored:
            row = self.put("mul i64 %k, %n")
            at = self.put(f"add i64 {row}, %lane")
            first = self.put(f"mul i64 {at}, {plan.shown}")
            place = self.put(f"getelementptr double, ptr %first_out.p, i64 {first}")
            self.store_point(self.masked("%alive", point), place)
            flags = self.put(f"zext {b} {good} to {'i8' if w == 1 else f'<{w} x i8>'}")
            spot = self.put(f"getelementptr i8, ptr %second_out.p, i64 {at}")
            self.code += [
                f"  store {'i8' if w == 1 else f'<{w} x i8>'} {flags}, ptr {spot}, align 1",
                "  %any = icmp eq i64 0, 0",
            ]
            return
        score = self.number(self.outputs[-1])
        reached = self.put(f"fcmp ole {v} {score}, {self.spread('%target.d')}")
        unset = self.put(f"fcmp uno {v} %found, %found")
        both = self.put(f"and {b} {reached}, {unset}")
        now = self.put(f"and {b} {both}, {good}")
        step = self.spread(self.put("sitofp i64 %k to double"))
        self.code.append(f"  %found.1 = select {b} {now}, {v} {step}, {v} %found")
        bits = good if w == 1 else self.put(f"bitcast {b} {good} to i{w}")
        self.code.append(f"  %any = icmp ne i{w} {bits}, 0")
        before, self.code = self.code, []
        first = self.put(f"mul i64 %lane, {plan.shown}")
        place = self.put(f"getelementptr double, ptr %first_out.p, i64 {first}")
        self.store_point(self.masked(good, point), place)
        spot = self.put("getelementptr double, ptr %second_out.p, i64 %lane")
        self.code.append(f"  store {v} %found.1, ptr {spot}, align 8")
        self.ending, self.code = self.code, before

    def loads(self) -> list[str]:
        """Read the state and the constants of the starts that go side by side."""
        v = self.vector
        found: list[str] = []
        for i in range(self.plan.parts):
            found += [
                f"  %x{i}.row = mul i64 %n, {i}",
                f"  %x{i}.i = add i64 %x{i}.row, %lane",
                f"  %x{i}.at = getelementptr double, ptr %start.p, i64 %x{i}.i",
                f"  %x{i}.0 = load {v}, ptr %x{i}.at, align 8",
            ]
        for name in self.used:
            if not self.rows[int(name[1:])]:
                found += [
                    f"  %{name}.i = mul i64 %{name}.by, %lane",
                    f"  %{name}.e = getelementptr double, ptr %{name}.p, i64 %{name}.i",
                    f"  %{name} = load {v}, ptr %{name}.e, align 8",
                ]
        return found

    def word(self, i: int, name: str) -> str:
        """Read one word of the table."""
        return (
            f"  %{name}.w = getelementptr i64, ptr %table, i64 {i}\n"
            f"  %{name} = load i64, ptr %{name}.w, align 8"
        )

    def all_true(self) -> str:
        """The condition that holds for all starts."""
        w = self.plan.width
        return "true" if w == 1 else f"<{', '.join(['i1 true'] * w)}>"

    # The function -----------------------------------------------------------------------------

    def body(self, outputs: Sequence[str]) -> None:
        """Write what these outputs need: before the sums, the sums, what needs them, and so on."""
        ready = [line for line in needed(self.lines, outputs) if line[0] not in self.length]
        for level in range(max(self.level.values(), default=0) + 1):
            for name, operation, args in ready:
                of_rows = operation == "row_sum" and args[0] in self.length
                if self.level[name] == level and not of_rows:
                    self.values[name] = self.line(name, operation, args)
            sums: dict[int, list[Line]] = {}
            for line in ready:
                length = self.length.get(line[2][0], 0) if line[1] == "row_sum" else 0
                if length and self.level[line[0]] == level + 1:
                    sums.setdefault(length, []).append(line)
            for length, some in sums.items():
                self.loop(some, length)

    def whole(self) -> Written:
        """The whole text."""
        plan, v, b, w = self.plan, self.vector, self.truth, self.plan.width
        self.sort()
        count = len(self.outputs) - plan.scored
        checks, point = self.outputs[plan.parts : count], [f"%x{i}" for i in range(plan.parts)]
        self.values = {f"x{i}": (x, False) for i, x in enumerate(point)}
        self.body(checks)
        good = "%alive"
        for check in checks:
            good = self.put(f"and {b} {good}, {self.condition(check)}")
        # After a bad point the step is made from NaN: outside the domain a series may never end.
        nan = self.splat(float("nan"))
        self.values = {f"x{i}": (x, False) for i, x in enumerate(self.masked(good, point))}
        self.body([*self.outputs[: plan.parts], *self.outputs[count:]])
        following = [self.number(o) for o in self.outputs[: plan.parts]]
        self.keep(point[: plan.shown], good)
        used = sorted(self.used, key=lambda name: self.rows[int(name[1:])] > 0)
        text = [
            *self.globals,
            *self.helpers.values(),
            "define void @run(ptr %table) nounwind {",
            "entry:",
            *self.head,
            *(self.word(i, name) for i, name in enumerate(TABLE)),
            *(
                line
                for i, name in enumerate(used)
                for line in (
                    self.word(len(TABLE) + i, f"{name}.at"),
                    f"  %{name}.p = inttoptr i64 %{name}.at to ptr",
                    self.word(len(TABLE) + len(used) + i, f"{name}.by"),
                )
            ),
            "  %start.p = inttoptr i64 %start to ptr",
            "  %first_out.p = inttoptr i64 %first_out to ptr",
            "  %second_out.p = inttoptr i64 %second_out to ptr",
            "  %target.d = bitcast i64 %target to double",
            f"  %last = sub i64 %hi, {w}",
            "  br label %starts",
            "starts:",
            "  %asked = phi i64 [%lo, %entry], [%next, %startend]",
            "  %over = icmp sgt i64 %asked, %last",
            "  %lane = select i1 %over, i64 %last, i64 %asked",
            f"  %next = add i64 %lane, {w}",
            *self.loads(),
            "  br label %step",
            "step:",
            "  %k = phi i64 [0, %starts], [%k1, %stepend]",
            f"  %alive = phi {b} [{self.all_true()}, %starts], [{good}, %stepend]",
            *(
                f"  %x{i} = phi {v} [%x{i}.0, %starts], [{y}, %stepend]"
                for i, y in enumerate(following)
            ),
            *([f"  %found = phi {v} [{nan}, %starts], [%found.1, %stepend]"]
              if plan.scored else []),
            *self.code,
            "  %k1 = add i64 %k, 1",
            "  br label %stepend",
            "stepend:",
            "  %later = icmp sle i64 %k1, %steps",
            "  %on = and i1 %later, %any",
            "  br i1 %on, label %step, label %startend",
            "startend:",
            *self.ending,
            "  %todo = icmp slt i64 %next, %hi",
            "  br i1 %todo, label %starts, label %end",
            "end:",
            "  ret void",
            "}",
        ]  # fmt: skip
        return Written("\n".join(text) + "\n", tuple(used))

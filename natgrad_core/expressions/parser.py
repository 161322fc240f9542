"""From tokens to a tree: operators by precedence, calls by whoever named the function.

    statement = [type] name ('=' | '<-') sum | outcome '~' distribution | ['target +='] sum
              | name '(' names ')' '=' sum | 'lambda' names ':' sum | 'def' name '(' names ')' ':'
    sum       = product (('+' | '-') product)*
    product   = factor (['*' | '/'] factor)*          2x and 2(x + 1) are products
    factor    = ('-' | '+') factor | atom ('^' factor)?
    atom      = number | name | '|' sum '|' | '(' sum ')' | function '(' arguments ')'
              | function atom                         ln x

Comparisons, ``and``, ``or``, ``not``, ``a if c else b`` and ``c ? a : b`` bind less than sums;
``… where p = …`` is the line ``p = …`` before.
Nothing is executed and nothing is looked up but in the tables of this package.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from natgrad_core.expressions import distributions as named
from natgrad_core.expressions.functions import ALIASES, FUNCTIONS, SEVERAL, WRITTEN
from natgrad_core.expressions.tokens import ExpressionError, Token, tokens
from natgrad_core.expressions.tree import DEEPEST, Node, call, called, number, substituted
from natgrad_core.families.densities import DENSITIES

MODULES = frozenset((
    "np", "numpy", "jnp", "jax", "torch", "math", "cmath", "tf", "tt", "pt", "pytensor",
    "aesara", "theano", "tensor", "nn", "functional", "F", "special", "scipy", "sp", "stats",
    "st", "ss", "pm", "pymc", "pymc3", "dist", "distributions", "td", "tfd", "tfp", "D",
    "numpyro", "pyro", "sm", "Math", "linalg", "keras", "K", "ops", "mx", "cp", "std",
    "distrax", "random",
))  # fmt: skip
"""Modules whose name before a function is ignored."""

CONSTANTS = {
    "pi": math.pi, "π": math.pi, "e": math.e, "tau": 2 * math.pi, "inf": math.inf,
    "Inf": math.inf, "Infinity": math.inf, "True": 1.0, "False": 0.0, "TRUE": 1.0,
    "FALSE": 0.0, "true": 1.0, "false": 0.0, "E": math.e, "PI": math.pi,
}  # fmt: skip

REDUCTIONS = {
    "sum": "sum", "nansum": "sum", "reduce_sum": "sum", "total": "sum", "mean": "mean",
    "average": "mean", "reduce_mean": "mean", "std": "std", "sd": "std", "var": "var",
    "len": "count", "length": "count", "size": "count", "num_elements": "count", "rows": "count",
}  # fmt: skip
"""What is over all rows."""

METHODS = {
    "logpdf": ("log", "density"), "logpmf": ("log", "density"), "log_prob": ("log", "density"),
    "logp": ("log", "density"), "logprob": ("log", "density"), "lpdf": ("log", "density"),
    "lpmf": ("log", "density"), "lupdf": ("log", "density"), "lupmf": ("log", "density"),
    "log_pdf": ("log", "density"), "log_pmf": ("log", "density"), "log_density": ("log", "density"),
    "pdf": ("", "density"), "pmf": ("", "density"), "prob": ("", "density"),
    "logcdf": ("log", "below"), "lcdf": ("log", "below"), "log_cdf": ("log", "below"),
    "cdf": ("", "below"), "logsf": ("log", "above"), "lccdf": ("log", "above"),
    "sf": ("", "above"), "ccdf": ("", "above"),
}  # fmt: skip
"""What is asked of a distribution: the log or not, of the density or of a tail."""

_IGNORED = frozenset((
    "observed", "dims", "shape", "size", "axis", "dim", "keepdims", "validate_args",
    "random_state", "total_size", "name", "dtype", "out", "keepdim",
))  # fmt: skip
_SAME = frozenset((
    "squeeze", "item", "float", "double", "detach", "numpy", "flatten", "ravel", "copy", "eval",
    "T",
))  # fmt: skip
_TYPES = frozenset((
    "real", "int", "float", "double", "vector", "row_vector", "let", "const", "var", "auto",
    "local",
))  # fmt: skip
_PROGRAM = frozenset((
    "def", "for", "while", "import", "from", "class", "with", "lambda", "function", "print",
))  # fmt: skip

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "lam": "λ", "lamda": "λ",
    "mu": "μ", "nu": "ν", "xi": "ξ", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip

_LETTERS = {**GREEK, **{letter: letter for letter in GREEK.values()}}
"""The letter that a name spells: lam, lamda, lambda and λ are one."""

_INFIX = {
    "?": 1, "if": 1, "or": 2, "||": 2, "|": 2, "and": 3, "&&": 3, "&": 3, "<": 5, "<=": 5,
    ">": 5, ">=": 5, "==": 5, "!=": 5, "+": 6, "-": 6, "*": 7, "/": 7, "@": 7, "^": 9,
}  # fmt: skip
_WORDS = {"||": "or", "|": "or", "&&": "and", "&": "and", "@": "*"}
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_TIMES, _MINUS = 7, 8


class Target(NamedTuple):
    """What the lines add to the log-likelihood: terms, and whether they came one by one."""

    terms: tuple[Node, ...]


@dataclass(frozen=True)
class Bound:
    """A distribution with its arguments, still without an outcome."""

    tables: tuple[Mapping[str, tuple[named.Named, ...]], ...]
    name: str
    given: tuple[Node, ...]
    options: Mapping[str, Node]
    at: int


class Function(NamedTuple):
    """A function that the reader defines, as by f(t) = 2t."""

    arguments: tuple[Token, ...]
    body: Node


class Arguments(NamedTuple):
    """The arguments of a call."""

    given: tuple[Node | Bound, ...]
    options: Mapping[str, Node]

    def nodes(self, parser: Parser) -> tuple[Node, ...]:
        """Those that are numbers; a distribution among them is an error."""
        return tuple(map(parser.valued, self.given))


class Parser:
    """Reads one text; ``names`` are the parameters, columns and constants, in their plain form."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self.text, self.names = text, names
        self.tokens = _conditions_first(tokens(text))
        self.i = 0
        self.depth = 0
        self.bars = False
        self.defining = False
        self.defined: dict[str, Node] = {}
        self.functions: dict[str, Function] = {}

    # Tokens

    def peek(self, ahead: int = 0) -> Token:
        """The next token; ends of lines are none inside brackets."""
        at = self.i
        while True:
            while self.depth and self.tokens[at].kind == "line":
                at += 1
            if not ahead or self.tokens[at].kind == "end":
                return self.tokens[at]
            ahead -= 1
            at += 1

    def take(self) -> Token:
        """The next token, passed."""
        while self.depth and self.tokens[self.i].kind == "line":
            self.i += 1
        token = self.tokens[self.i]
        self.i += token.kind != "end"
        return token

    def sign(self, *texts: str) -> bool:
        """Whether the next token is one of these signs."""
        token = self.peek()
        return token.kind == "sign" and token.text in texts

    def word(self, *texts: str) -> bool:
        """Whether the next token is one of these words, and no name of the reader's."""
        token = self.peek()
        mine = token.text in self.names or token.text in self.defined
        return token.kind == "name" and token.text in texts and not mine

    def expect(self, text: str, where: str) -> None:
        """Pass this sign, or say that it is missing."""
        if not self.sign(text):
            raise self.missing(text, where)
        self.take()

    def missing(self, text: str, where: str) -> ExpressionError:
        """The error at the next token, which should be ``text``."""
        token = self.peek()
        if token.kind == "sign" and token.text == ",":
            return self.comma(token)
        if token.kind == "sign" and token.text == "=":
            return self.refuse(
                token.at, "= gives a name its value, in a line of its own; to compare write =="
            )
        found = "the text ends" if token.kind == "end" else f"there is {_shown(token)}"
        return self.refuse(token.at, f"this cannot be read: {text!r} is missing {where}; {found}")

    def comma(self, token: Token) -> ExpressionError:
        """The error at a comma that does not separate arguments."""
        return self.refuse(
            token.at,
            "a comma only separates the arguments of a function; a "
            "number is written with a point, as in 0.5",
        )

    def refuse(self, at: int, message: str) -> ExpressionError:
        """The error at this place."""
        return ExpressionError(self.text, at, message)

    # Lines

    def program(self) -> Target:
        """Parse all lines: assignments to names, and in the last line the log-likelihood."""
        terms: list[Node] = []
        last: Node | None = None
        while True:
            while self.peek().kind == "line" or self.sign(";"):
                self.take()
            if self.peek().kind == "end":
                break
            if last is not None and not terms:
                self.only_last(last)
            value, adds = self.statement()
            if adds:
                terms.append(value)
            last = value
            if self.sign(","):
                raise self.comma(self.peek())
            if self.peek().kind not in ("line", "end") and not self.sign(";"):
                raise self.unread()
        if last is None:
            raise self.refuse(0, "only an expression can be read here, and there is none")
        for each in self.functions.values():
            if each.body is last:
                self.must_be_known(each.arguments)
        return Target(tuple(terms) or (last,))

    def only_last(self, value: Node) -> None:
        """Raise if a line before the last was a mere expression."""
        kept = [*self.defined.values(), *(each.body for each in self.functions.values())]
        if not any(value is v for v in kept):
            raise self.refuse(
                value.at,
                "this line gives no name a value: lines before the last are written mu = a + b*x",
            )

    def unread(self) -> ExpressionError:
        """The error at what follows a whole expression."""
        token = self.peek()
        if token.kind == "sign" and token.text == "=":
            return self.missing("", "")
        what = _shown(token)
        if token.kind in ("number", "name", "text"):
            return self.refuse(token.at, f"an operator is missing before {what}")
        return self.refuse(token.at, f"this cannot be read: {what} does not belong here")

    def statement(self) -> tuple[Node, bool]:
        """The value of a line, and whether it is added to the log-likelihood."""
        if self.word("return"):
            self.take()
        if self.word("target") and self.peek(1).text == "+=":
            self.i += 2
            return self.expression(), True
        self.declaration()
        kind, name, arguments = self.head()
        if name is not None and not kind:
            return self.own_function(name, arguments), False
        if kind:
            self.must_be_known(arguments)
            self.pass_line()
            return self.statement()
        self.must_be_no_program()
        token, sign = self.peek(), self.peek(1).text
        if token.kind == "name" and (sign in ("=", "<-") or self.colon_equals()):
            return self.definition(token), False
        left = self.branch(0)
        if self.sign("~"):
            self.take()
            return self.drawn(self.valued(left)), True
        return self.valued(left), False

    def must_be_no_program(self) -> None:
        """Raise at a word that only a program has."""
        token = self.peek()
        letter, follows = _LETTERS.get(token.text), self.peek(1)
        spells_a_name = letter is not None and letter in map(_LETTERS.get, self.names)
        if not self.word(*_PROGRAM) or spells_a_name or follows.kind not in ("name", "sign"):
            return
        if token.text != "lambda" or follows.text != "=":
            raise self.refuse(
                token.at,
                f"{token.text!r} is a program's; only lines like mu = a + b*x and the "
                "log-likelihood are read here, and only numbers, names, operators and functions "
                "in them",
            )

    def head(self) -> tuple[str, Token | None, tuple[Token, ...]]:
        """Pass the head of a function, where one comes: f(t) =, lambda t:, def f(t):, function(t).

        Returns its word ("" for f(t) =), the function's name, and its arguments; ("", None, ()) if
        none comes.
        """
        begin, kind, name = self.i, "", None
        arguments: list[Token] = []
        if self.word("lambda", "def", "function"):
            kind = self.take().text
        if kind in ("", "def") and self.peek().kind == "name":
            name = self.take()
        bracket = self.sign("(") and bool(self.take())
        while self.peek().kind == "name":
            arguments.append(self.take())
            if not self.sign(","):
                break
            self.take()
        closed = bracket == (self.sign(")") and bool(self.take()))
        ends = {"": ("=", "<-", ":"), "function": ("",)}.get(kind, (":",))
        ended = ends == ("",) or self.sign(*ends)
        whole = ended and closed and bracket == (kind != "lambda")
        if not whole or (not kind and name is None) or (not arguments and not kind):
            self.i = begin
            return "", None, ()
        if ends != ("",) and self.take().text == ":" and not kind:
            self.expect("=", f"after {name.text if name else kind}(…) :")
        return kind, name, tuple(arguments)

    def must_be_known(self, arguments: Iterable[Token]) -> None:
        """Raise if one of a function's arguments is no parameter and no column."""
        for token in arguments:
            self.alone(token.text, token.at)

    def own_function(self, name: Token, arguments: tuple[Token, ...]) -> Node:
        """f(t) = …, kept under its name; as the last line it is the value."""
        names, self.names = self.names, self.names | {each.text for each in arguments}
        body = self.definition_s_value()
        self.names = names
        self.functions[name.text] = Function(arguments, body)
        self.defined.pop(name.text, None)
        return body

    def declaration(self) -> None:
        """Pass a type before a name: real mu = …, vector[N] mu = …."""
        if not self.word(*_TYPES):
            return
        if self.peek(1).kind == "name":
            self.take()
        elif self.peek(1).text == "[":
            while self.peek().kind not in ("line", "end") and not self.sign("]"):
                self.take()
            self.take()

    def colon_equals(self) -> bool:
        """Whether := follows the name."""
        return self.peek(1).text == ":" and self.peek(2).text == "="

    def definition(self, token: Token) -> Node:
        """name = expression, kept under its name."""
        self.take()
        self.i += 2 if self.sign(":") else 1
        kind, _, arguments = self.head() if self.word("lambda", "function") else ("", None, ())
        if kind:
            return self.own_function(token, arguments)
        value = self.definition_s_value()
        self.defined[token.text] = value
        return value

    def definition_s_value(self) -> Node:
        """What comes behind name =, a node of its own."""
        self.defining = True
        value = self.expression()
        self.defining = False
        if value.kind == "name" or value.is_call("neg"):
            value = Node(value.kind, value.what, value.args, value.at, value.depth)
        return value

    def drawn(self, outcome: Node) -> Node:
        """The log density of outcome ~ distribution; of a mean alone, of a normal of width 1."""
        right = self.branch(0, drawn=True)
        if isinstance(right, Bound):
            return self.density(right, outcome, "log", "density")
        return self.body(named.Named("", "normal_logpdf(y, m, 1)"), {"y": outcome, "m": right})

    # Operators

    def expression(self, least: int = 0) -> Node:
        """An expression of operators that bind at least so much."""
        return self.valued(self.branch(least))

    def valued(self, of: Node | Bound) -> Node:
        """A number, where a distribution would need an outcome."""
        if isinstance(of, Bound):
            raise self.refuse(
                of.at,
                f"{of.name}(…) is a distribution and needs an outcome: write "
                f"y ~ {of.name}(…), or its log density",
            )
        if of.depth > DEEPEST:
            raise self.refuse(of.at, f"this is nested more than {DEEPEST} deep")
        return of

    def branch(self, least: int, drawn: bool = False) -> Node | Bound:
        """What operators that bind at least so much make of what comes."""
        if self.depth > DEEPEST // 4 or self.i > 10**5:
            raise self.refuse(self.peek().at, f"this is nested more than {DEEPEST // 4} deep")
        left = self.prefix(drawn)
        divided = False
        while True:
            token = self.operator()
            if token is None:
                return left
            written = token.text if token.text in _INFIX else ""  # else a product without sign
            binds = _INFIX.get(written) if written else _TIMES
            if binds is None or binds < least:
                return left
            left = self.valued(left)
            if not written:
                left = self.product(left, token, divided)
            elif written in ("?", "if"):
                left = self.choice(left, token)
            elif written in _COMPARISONS:
                left = self.comparison(left)
            else:
                self.pass_line()
                self.take()
                right = self.expression(binds if written == "^" else binds + 1)
                divided = written == "/"
                left = called(_WORDS.get(written, written), left, right, at=token.at)

    def operator(self) -> Token | None:
        """The operator that follows, or the beginning of a factor without a sign; None if neither.

        A new line goes on with an operator at its beginning; + and − begin one of their own where
        a name was given its value before.
        """
        token = self.peek()
        if token.kind == "line":
            at = self.i
            while self.tokens[at].kind == "line":
                at += 1
            token = self.tokens[at]
            fresh = self.defining and token.text in ("+", "-", "|")
            if token.kind != "sign" or token.text not in _INFIX or fresh:
                return None
            return token
        if token.kind == "sign":
            if token.text == "|" and self.bars:
                return None
            return token if token.text in _INFIX or token.text == "(" else None
        if token.kind == "name":
            if self.word("and", "or", "if"):
                return token
            return None if self.word("else") else token
        return None

    def pass_line(self) -> None:
        """Pass the ends of lines."""
        while self.tokens[self.i].kind == "line":
            self.i += 1

    def product(self, left: Node, token: Token, divided: bool) -> Node:
        """2x, 2(x + 1), (a)(b): a product without its sign."""
        if divided:
            raise self.refuse(token.at, "this can be read in two ways: 1/2x is 1/(2*x) or 1/2*x")
        if token.text == "(" and left.kind == "number" and token.joined is False:
            raise self.refuse(token.at, "an operator is missing before '('")
        return called("*", left, self.expression(_MINUS), at=token.at)

    def choice(self, left: Node, token: Token) -> Node:
        """``c ? a : b``, ``a if c else b``."""
        self.pass_line()
        self.take()
        if token.text == "?":
            yes = self.expression(1)
            self.expect(":", "in c ? a : b")
            return called("where", left, yes, self.expression(1), at=token.at)
        condition = self.expression(2)
        if not self.word("else"):
            raise self.missing("else", "in a if c else b")
        self.take()
        return called("where", condition, left, self.expression(1), at=token.at)

    def comparison(self, left: Node) -> Node:
        """A comparison, or a chain: 0 < y < 1 is two that both hold."""
        result: Node | None = None
        while self.sign(*_COMPARISONS):
            token = self.take()
            right = self.expression(6)
            one = call(token.text, left, right, at=token.at)
            result = one if result is None else call("and", result, one, at=token.at)
            left = right
        assert result is not None
        return result

    # Atoms

    def prefix(self, drawn: bool = False) -> Node | Bound:
        """A number, a name, a call, or something in brackets; perhaps with a sign before it."""
        self.pass_line()
        token = self.take()
        negates = token.text == "not" and "not" not in self.names
        if negates or (token.kind == "sign" and token.text in "+-!"):
            inner = self.expression(4 if token.text in ("!", "not") else _MINUS)
            word = {"-": "neg", "!": "not", "not": "not"}.get(token.text)
            return called(word, inner, at=token.at) if word else inner
        if token.kind == "number":
            return self.after(self.literal(token))
        if token.kind == "name":
            return self.after(self.named(token, drawn))
        if token.kind == "sign" and token.text in "({":
            return self.after(self.bracketed({"(": ")", "{": "}"}[token.text]))
        if token.kind == "sign" and token.text == "|":
            self.bars, before = True, self.bars
            inner = self.expression()
            self.bars = before
            self.expect("|", "to end what | began")
            return self.after(call("abs", inner, at=token.at))
        if token.kind == "end":
            raise self.refuse(token.at, "this cannot be read: the text ends too soon")
        if token.text == ",":
            raise self.comma(token)
        raise self.refuse(
            token.at,
            f"only numbers, names, operators and functions are allowed "
            f"here; this cannot be read: {_shown(token)}",
        )

    def literal(self, token: Token) -> Node:
        """The number that is written."""
        value = float(token.text)
        if not math.isfinite(value):
            raise self.refuse(token.at, f"{token.text} is not a number that can be used here")
        return number(value, token.at)

    def bracketed(self, closing: str) -> Node:
        """Parse what is in brackets, after the opening one."""
        self.depth, before = self.depth + 1, self.bars
        self.bars = False
        inner = self.expression()
        self.expect(closing, "to close a bracket")
        self.depth, self.bars = self.depth - 1, before
        return inner

    def after(self, of: Node | Bound) -> Node | Bound:
        """What is written behind an atom: .method(…), an index, a factorial."""
        while True:
            token = self.peek()
            if token.kind != "sign":
                return of
            if token.text == "." and self.peek(1).kind == "name":
                self.take()
                of = self.method(of, self.take())
            elif token.text == "!" and token.joined and self.peek(1).text != "=":
                self.take()
                of = call("factorial", self.valued(of), at=token.at)
            elif token.text == "[" and token.joined and isinstance(of, Node) and of.kind == "name":
                self.index(token)
            else:
                return of

    def index(self, token: Token) -> None:
        """y[n] is the value of a row: the row is understood."""
        self.take()
        while not self.sign("]"):
            part = self.take()
            if part.kind == "end" or part.text not in ("i", "n", "j", "k", "t", ":", ","):
                raise self.refuse(token.at, "only a row's own value is understood, y[i]; write y")
        self.take()

    def method(self, of: Node | Bound, token: Token) -> Node | Bound:
        """``of.method(…)``."""
        name = token.text
        found = Arguments((), {})
        if self.sign("("):
            found = self.arguments(name)
        if isinstance(of, Bound):
            if name == "dist" or name not in METHODS:
                raise self.refuse(token.at, f"a distribution has no {name!r}; write .logpdf(y)")
            if len(found.given) != 1:
                raise self.refuse(token.at, f".{name} takes the outcome: write .{name}(y)")
            return self.density(of, found.nodes(self)[0], *METHODS[name])
        if name in _SAME:
            return of
        if name == "shape" or name in REDUCTIONS:
            if self.sign("[") and name == "shape":
                self.take()
                self.take()
                self.expect("]", "after shape[0")
            return call("count" if name == "shape" else REDUCTIONS[name], of, at=token.at)
        return self.function(name, token.at, (of, *found.nodes(self)), found.options)

    # Names and calls

    def named(self, token: Token, drawn: bool) -> Node | Bound:
        """A name alone or with dots before it, and the call that follows."""
        name = token.text
        if name in self.defined:
            return self.defined[name]
        if name in self.names:
            return Node("name", name, (), token.at)
        path = [name]
        while self.sign(".") and self.peek(1).kind == "name":
            self.take()
            path.append(self.take().text)
        while len(path) > 1 and path[0] in MODULES:
            path.pop(0)
        if name == "frac" and self.peek().kind == "number":
            return self.grouped(name, token.at)
        if name in self.functions and self.sign("("):
            return self.applied(name, token.at)
        if self.sign("(") or (self.sign("{") and path[-1] in ("frac", "sqrt", "exp", "ln", "log")):
            return self.called(path, token.at, drawn)
        if self.takes_an_atom(path[-1]):
            return self.of_an_atom(path[-1], token.at)
        if len(path) == 2 and path[1] in ("T", "size", "shape"):
            path.pop()
        return self.alone(".".join(path), token.at)

    def applied(self, name: str, at: int) -> Node:
        """A call of a function that the reader defined."""
        arguments, body = self.functions[name]
        given = self.arguments(name).nodes(self)
        if len(given) != len(arguments):
            heads = ", ".join(each.text for each in arguments)
            raise self.refuse(
                at, f"{name} takes {len(arguments)}: write {name}({heads}); got {len(given)}"
            )
        return substituted(body, dict(zip((each.text for each in arguments), given, strict=True)))

    def takes_an_atom(self, name: str) -> bool:
        """Whether a function of one argument is followed by it without parentheses: ln x, √2."""
        own, token = ALIASES.get(name, name), self.peek()
        if own not in FUNCTIONS or token.text in ("and", "or", "if", "else"):
            return False
        return token.kind in ("number", "name") or (token.text == "|" and not self.bars)

    def of_an_atom(self, name: str, at: int) -> Node:
        """ln x, ln x², √2: the function of what follows it, unless a product goes on from there."""
        inner = self.expression(_INFIX["^"])
        token = self.operator()
        a_function = token is not None and token.kind == "name" and _is_function(token.text)
        if token is not None and name != "sqrt" and not a_function:
            sign = token.text if token.text in ("*", "/") else ""
            if sign or token.text not in _INFIX:
                one, other = (f"{name}(a){sign or '*'}b", f"{name}(a{sign or '*'}b)")
                raise self.refuse(
                    at, f"this can be read in two ways: {name} a{sign or ' '}b is {one} or {other}"
                )
        return self.function(name, at, (inner,), {})

    def alone(self, name: str, at: int) -> Node:
        """A name that is no call: a constant, or one of the reader's in another spelling."""
        if name in CONSTANTS:
            return number(CONSTANTS[name], at)
        stem, _, index = name.rpartition("_")
        row = stem if index in "ijkntm" else ""
        letter = _LETTERS.get(name)
        known = [*self.defined, *sorted(self.names)]
        for other in (*(k for k in known if letter and _LETTERS.get(k) == letter), row):
            if other and other in self.defined:
                return self.defined[other]
            if other and other in self.names:
                return Node("name", other, (), at)
        if name in ("n", "N") and self.names:
            return call("count", at=at)
        parts = _split(name, frozenset(self.names | set(self.defined)))
        if parts:
            factors = [self.defined.get(p) or Node("name", p, (), at) for p in parts]
            result = factors[0]
            for factor in factors[1:]:
                result = called("*", result, factor, at=at)
            return result
        if _is_function(name):
            raise self.refuse(at, f"{name} is a function: write {_usage(name)}")
        known = sorted({*self.names, *self.defined})
        hint = _nearest(name, [*known, "pi"])
        raise self.refuse(at, f"no name {name!r}{hint}; there are {', '.join(known)} and pi")

    def called(self, path: list[str], at: int, drawn: bool) -> Node | Bound:
        """``path(arguments)``."""
        name = path[-1]
        if name == "frac" or self.sign("{"):
            return self.grouped(name, at)
        separates = _splits(name)[1] is not None
        found = self.arguments(name, bar=separates)
        if len(path) > 1 and path[-2] in _DISTRIBUTIONS:
            return self.of_distribution(path[-2], name, at, found)
        if len(path) > 1 and path[0] not in _DISTRIBUTIONS:
            hint = _nearest(path[-2], _DISTRIBUTIONS) if name in METHODS else ""
            if hint:
                said = f"no distribution {path[-2]!r}{hint}; write {name}(…) of a known one"
            else:
                said = f"no module {path[-2]!r}; write {name}(…) of a known one"
            raise self.refuse(at, said)
        asked = self.sign(".") and self.peek(1).text in METHODS
        if name in _DISTRIBUTIONS and (asked or drawn or not _is_function(name)):
            if name in named.R:
                return self.in_r(name, at, found)
            tables: tuple[Mapping[str, tuple[named.Named, ...]], ...]
            tables = (named.SCIPY, named.STAN) if asked else (named.STAN, named.SCIPY)
            if name in named.PYMC:
                torch = asked and self.peek(1).text in ("log_prob", "prob")
                tables = (named.TORCH,) if torch else (named.PYMC,)
            if name in named.DESMOS:
                tables = (named.DESMOS,)
            bound = Bound(tables, name, found.nodes(self), found.options, at)
            outcome = found.options.get("observed")
            if outcome is not None:
                return self.density(bound, outcome, "log", "density")
            return bound
        if name in METHODS and found.given and isinstance(found.given[0], Bound):
            rest = [self.valued(g) for g in found.given[1:]]
            if len(rest) != 1:
                raise self.refuse(at, f"{name} takes a distribution and the outcome")
            return self.density(found.given[0], rest[0], *METHODS[name])
        return self.function(name, at, found.nodes(self), found.options)

    def grouped(self, name: str, at: int) -> Node:
        r"""LaTeX's \frac{a}{b}, \frac12 and \sqrt{a}."""
        digits = self.peek()
        if digits.kind == "number" and len(digits.text) == 2 and digits.text.isdigit():
            self.take()
            return called("/", *(number(float(d), digits.at) for d in digits.text), at=at)
        given: list[Node] = []
        for _ in range(2 if name == "frac" else 1):
            self.expect("{", f"after {name}")
            given.append(self.bracketed("}"))
        return self.function(name, at, tuple(given), {})

    def of_distribution(self, name: str, method: str, at: int, found: Arguments) -> Node | Bound:
        """norm.logpdf(y, …), Normal.dist(…)."""
        tables = (named.SCIPY, named.PYMC, named.STAN, named.DESMOS)
        if method == "dist":
            return Bound((named.PYMC,), name, found.nodes(self), found.options, at)
        if method not in METHODS:
            raise self.refuse(at, f"{name} has no {method!r}; write {name}.logpdf(y, …)")
        given, options = found.nodes(self), dict(found.options)
        outcome = (
            given[0]
            if given
            else next((options.pop(k) for k in ("x", "k", "value") if k in options), None)
        )
        if outcome is None:
            raise self.refuse(at, f"{name}.{method} takes the outcome first: {name}.{method}(y, …)")
        bound = Bound(tables, name, given[1:], options, at)
        return self.density(bound, outcome, *METHODS[method])

    def in_r(self, name: str, at: int, found: Arguments) -> Node:
        """dnorm(y, …, log=TRUE)."""
        options = dict(found.options)
        log = options.pop("log", number(0))
        given = found.nodes(self)
        if not given:
            raise self.refuse(at, f"{name} takes the outcome first: {name}(y, …)")
        bound = Bound((named.R,), name, given[1:], options, at)
        return self.density(bound, given[0], "log" if log.is_number(1) else "", "density")

    def arguments(self, name: str, bar: bool = False) -> Arguments:
        """Parse what is in the parentheses; with ``bar`` a | separates too, as in Stan."""
        self.take()
        self.depth, before = self.depth + 1, self.bars
        self.bars = bar
        given: list[Node | Bound] = []
        options: dict[str, Node] = {}
        while not self.sign(")"):
            if self.peek().kind == "end":
                raise self.missing(")", f"to close {name}(")
            self.argument(given, options)
            if self.sign(",") or (bar and self.sign("|", ";")):
                self.take()
            elif not self.sign(")"):
                raise self.missing(")", f"to close {name}(")
        self.take()
        self.depth, self.bars = self.depth - 1, before
        return Arguments(tuple(given), options)

    def argument(self, given: list[Node | Bound], options: dict[str, Node]) -> None:
        """One argument, a list of them, or one by name."""
        token = self.peek()
        if token.kind == "name" and self.peek(1).text == "=":
            self.take()
            self.take()
            if self.word("None") or self.peek().kind == "text":
                self.take()
                return
            value = self.expression()
            options[token.text] = value
        elif token.kind == "text":
            self.take()
        elif token.text == "[":
            self.take()
            while not self.sign("]"):
                given.append(self.expression())
                if not self.sign("]"):
                    self.expect(",", "between the parts of a list")
            self.take()
        else:
            given.append(self.branch(0))

    def function(
        self, name: str, at: int, given: tuple[Node, ...], options: Mapping[str, Node]
    ) -> Node:
        """A function of this language by any of its names."""
        own = ALIASES.get(name, name)
        meant = {option for option in options if option not in _IGNORED}
        if not given and name in CONSTANTS:
            return number(CONSTANTS[name], at)
        if name in REDUCTIONS or (own in ("min", "max") and len(given) == 1):
            return self.reduced(REDUCTIONS.get(name, own), at, given)
        if own in WRITTEN:
            return self.written(own, WRITTEN[own], name, at, given, options)
        if own in FUNCTIONS or own in SEVERAL:
            low, high = (1, 1) if own in FUNCTIONS else SEVERAL[own][1:]
            if not low <= len(given) <= high or meant:
                takes = f"{low}" if low == high else f"{low} or more"
                raise self.refuse(
                    at,
                    f"{name} takes {takes}: write {_usage(name)}; got {len(given) + len(options)}",
                )
            return called(own, *given, at=at)
        if name in DENSITIES or name in named.HERE:
            return self.here(name, at, given, options)
        stem, method = _splits(name)
        if method is not None:
            if not given:
                raise self.refuse(at, f"{name} takes the outcome first: {name}(y | …)")
            tables = (named.STAN, named.SCIPY)
            bound = Bound(tables, stem, given[1:], options, at)
            return self.density(bound, given[0], *METHODS[method])
        if name in named.BELOW and name == "pnorm":
            bound = Bound((), name, given[1:], options, at)
            return self.density(bound, given[0], "", "below")
        if name == "N":
            raise self.refuse(
                at,
                "N(m, …) is written with the variance by some and with the standard deviation by "
                "others: write normal(m, s) with the standard deviation s",
            )
        hint = _nearest(name, _all_names())
        raise self.refuse(
            at,
            f"no function {name!r}{hint}; there are exp, log, where, "
            "sigmoid, … and densities such as normal_logpdf(y, m, s)",
        )

    def reduced(self, kind: str, at: int, given: tuple[Node, ...]) -> Node:
        """sum(…) over the rows, or of several numbers."""
        if kind == "sum" and len(given) > 1:
            result = given[0]
            for each in given[1:]:
                result = called("+", result, each, at=at)
            return result
        if len(given) != 1:
            raise self.refuse(at, f"{kind} takes 1: write {kind}(…); got {len(given)}")
        return call(kind, *given, at=at)

    def written(
        self,
        own: str,
        how: tuple[str, str],
        name: str,
        at: int,
        given: tuple[Node, ...],
        options: Mapping[str, Node],
    ) -> Node:
        """Expand a function that is defined in the grammar itself."""
        arguments, body = how
        values = _bound(arguments, given, options)
        if values is None:
            count = len(arguments.split(","))
            raise self.refuse(
                at, f"{name} takes {count}: write {name}({arguments}); got {len(given)}"
            )
        return self.body(named.Named(arguments, body), values)

    def here(
        self, name: str, at: int, given: tuple[Node, ...], options: Mapping[str, Node]
    ) -> Node:
        """A density by this language's own name."""
        if name in DENSITIES:
            arguments = ", ".join(("y", *DENSITIES[name].arguments))
            values = _bound(arguments, given, options)
            if values is not None:
                return call(name, *values.values(), at=at)
        else:
            one = named.HERE[name][0]
            arguments = f"y, {one.arguments}"
            values = _bound(arguments, given, options)
            if values is not None:
                inner = self.body(one, values)
                if not one.support:
                    return inner
                return call(f"within:{one.support}:{name}", values["y"], inner, at=at)
        count = len(arguments.split(","))
        raise self.refuse(
            at, f"{name} takes {count}: write {name}({arguments}); got {len(given) + len(options)}"
        )

    def density(self, of: Bound, outcome: Node, log: str, what: str) -> Node:
        """The (log) density or tail of a distribution at an outcome."""
        tables = {"below": (named.BELOW,), "above": (named.ABOVE,)}.get(what, of.tables)
        overloads = [one for table in tables for one in table.get(of.name, ())]
        for one in overloads:
            values = _bound(one.arguments, of.given, of.options)
            if values is not None:
                node = self.body(one, {"y": outcome, **values})
                return node if log else called("exp", node, at=of.at)
        if not overloads:
            known = tables[0] if what != "density" else _DISTRIBUTIONS
            raise self.refuse(of.at, f"no distribution {of.name!r} here{_nearest(of.name, known)}")
        allowed = " or ".join(dict.fromkeys(f"({w.arguments})" for w in overloads[:3]))
        raise self.refuse(
            of.at,
            f"{of.name} takes the outcome and {allowed}; got "
            f"{len(of.given) + len(of.options)} arguments",
        )

    def body(self, one: named.Named, values: Mapping[str, Node]) -> Node:
        """The body of a table's line with these values for its names."""
        return substituted(_template(one.body, frozenset(values)), values)


def _conditions_first(found: list[Token]) -> list[Token]:
    """The tokens with ``… where p = …`` as the line ``p = …`` before it."""
    for i, token in enumerate(found[:-3]):
        after = found[i + 1 : i + 3]
        if token.text not in ("where", "with") or after[0].kind != "name" or after[1].text != "=":
            continue
        ends = [k for k, each in enumerate(found) if each.kind in ("line", "end")]
        begin = max((k + 1 for k in ends if k < i), default=0)
        while begin and (begin == i or found[begin].text in _INFIX):  # it goes on with a line
            begin = max((k + 1 for k in ends if k < begin - 1), default=0)
        end = next(k for k in ends if k > i)
        line = Token("line", "\n", token.at, joined=False)
        value = found[begin : i - (found[i - 1].text == ",")]
        return [*found[:begin], *found[i + 1 : end], line, *value, *_conditions_first(found[end:])]
    return found


@lru_cache(maxsize=512)
def _template(body: str, names: frozenset[str]) -> Node:
    (node,) = Parser(body, names).program().terms
    return node


def _bound(
    arguments: str, given: tuple[Node, ...], options: Mapping[str, Node]
) -> dict[str, Node] | None:
    """The values by the arguments' names; None if they do not fit."""
    values: dict[str, Node] = {}
    slots = [slot.strip() for slot in arguments.split(",") if slot.strip()]
    left = dict(options)
    if len(given) > len(slots):
        return None
    for i, slot in enumerate(slots):
        name, _, default = slot.partition("=")
        if i < len(given):
            values[name] = given[i]
        elif name in left:
            values[name] = left.pop(name)
        elif default:
            values[name] = number(float(default))
        else:
            return None
    return None if left.keys() - _IGNORED else values


_DISTRIBUTIONS = frozenset(
    name
    for table in (named.STAN, named.SCIPY, named.PYMC, named.TORCH, named.R, named.DESMOS)
    for name in table
)


def _splits(name: str) -> tuple[str, str | None]:
    """normal_lpdf as (normal, lpdf); (name, None) where it is no such name."""
    stem, _, method = name.rpartition("_")
    known = stem in named.STAN or stem in named.SCIPY or stem in named.BELOW
    return (stem, method) if method in METHODS and known else (name, None)


def _split(name: str, known: frozenset[str]) -> list[str] | None:
    """``ax`` as a and x, where both are names: one way only, or None."""
    singles = list(name)
    return singles if len(name) < 5 and all(c in known for c in singles) else None


def _is_function(name: str) -> bool:
    own = ALIASES.get(name, name)
    return (
        own in FUNCTIONS
        or own in SEVERAL
        or own in WRITTEN
        or name in DENSITIES
        or name in named.HERE
        or name in REDUCTIONS
    )


def _usage(name: str) -> str:
    if name in DENSITIES:
        return DENSITIES[name].signature
    if name in named.HERE:
        return f"{name}(y, {named.HERE[name][0].arguments})"
    low = SEVERAL.get(ALIASES.get(name, name), (None, 1, 1))[1]
    return f"{name}({', '.join('…' * low)})"


def _all_names() -> list[str]:
    stan = [f"{name}_lpdf" for name in named.STAN]
    return [*FUNCTIONS, *SEVERAL, *ALIASES, *WRITTEN, *REDUCTIONS, *DENSITIES, *named.HERE, *stan]


def _nearest(name: str, known: Iterable[str]) -> str:
    """A question after the nearest of the known words, or nothing."""
    words = [k for k in known if k.isidentifier()]
    lower = {w.lower(): w for w in words}
    near = lower.get(name.lower()) or next(iter(difflib.get_close_matches(name, words, 1, 0.6)), "")
    return f" (did you mean {near!r}?)" if near else ""


def _shown(token: Token) -> str:
    return {"end": "the end", "line": "a new line"}.get(token.kind, repr(token.text[:20]))

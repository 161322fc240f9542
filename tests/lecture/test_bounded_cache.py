"""What is kept of states is bounded by the memory that it takes, whatever the states are."""

from __future__ import annotations

import ast
import copy
import gc
import pickle
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import natgrad_lecture
import natgrad_lecture.bounded_cache
from benchmarks.kernel_moves import sliders
from natgrad_core import problems, rules, run
from natgrad_core.tracing.replay import ahead
from natgrad_lecture.bounded_cache import (
    ANSWERS,
    BUDGET,
    EVERY,
    MANY,
    RECENT,
    RESULTS,
    BoundedCache,
    Results,
    bounded_cache,
)
from natgrad_lecture.drawing.heat_map import Kept
from natgrad_lecture.engine_cache import run_of
from natgrad_lecture.lessons import lessons
from natgrad_lecture.result_weight import weight
from natgrad_lecture.session import Live

KB = 1024


def of_bytes(count: int) -> np.ndarray[Any, Any]:
    return np.zeros(count, np.uint8)


def keeping(budget: int, function: Callable[..., Any] = of_bytes) -> tuple[Any, list[Any]]:
    """A function that keeps its results within a budget of its own, and what it was called with."""
    calls: list[Any] = []

    def called(*args: Any) -> Any:
        calls.append(args)
        return function(*args)

    return BoundedCache(called, Results(budget)), calls


def test_a_result_is_computed_once_and_forgotten_when_told() -> None:
    kept, calls = keeping(KB * KB)
    assert kept(3) is kept(3)
    assert len(calls) == 1
    kept.cache_clear()
    kept(3)
    assert len(calls) == 2


def test_what_was_not_used_for_the_longest_time_goes_first() -> None:
    kept, calls = keeping(40 * KB)
    for size in (10_000, 10_001, 10_002, 10_000, 10_003):  # the fourth is kept still
        kept(size)
    kept(0)  # with which the last one is counted
    kept(10_000)
    assert calls == [(10_000,), (10_001,), (10_002,), (10_003,), (0,)]
    kept(10_001)
    assert calls[-1] == (10_001,), "it was the one to go"


@pytest.mark.parametrize("size", [100, 5000, 60_000])
def test_the_bytes_that_are_kept_stay_below_the_budget(size: int) -> None:
    kept, calls = keeping(100 * KB, lambda i: of_bytes(size))
    kept_refs = [weakref.ref(kept(i)) for i in range(300)]
    alive = [one for ref in kept_refs if (one := ref()) is not None]
    assert len(calls) == 300
    assert sum(each.nbytes for each in alive) <= 100 * KB + size, "the last one is not counted yet"
    assert len(alive) >= 0.8 * 100 * KB / (size + 500) - 1, "and the budget is used"


def test_a_result_larger_than_the_budget_is_not_kept_and_drives_out_no_other() -> None:
    kept, calls = keeping(20 * KB)
    kept(1000)
    kept(30 * KB)
    for size in (1, 1000, 30 * KB):
        kept(size)
    assert calls == [(1000,), (30 * KB,), (1,), (30 * KB,)]


def test_what_was_asked_for_counts_too() -> None:
    """A state holds what a reader typed, and so does what its results are kept by."""
    kept, _ = keeping(100 * KB, lambda text: None)
    for i in range(50):
        kept(f"{i}" + "x" * 10 * KB)
    assert len(kept._kept.entries) <= 10


def test_a_result_that_grows_is_weighed_again() -> None:
    kept, _ = keeping(100 * KB, lambda i: [])
    kept(0)
    for _ in range(64):
        kept(0).append(of_bytes(10 * KB))
    kept(1)
    assert kept(0) == [], "it had grown beyond the budget"


def test_a_run_that_outgrows_the_budget_goes_on_while_it_is_shown() -> None:
    kept, _ = keeping(100 * KB, lambda i: [])
    for i in range(64):
        with kept._kept.answering():
            kept(0).append(of_bytes(10 * KB))
            kept(-i)
    assert len(kept(0)) > 60


def test_what_a_dragged_slider_makes_is_weighed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is used many times in its answer, and then as the state that the next one begins with."""
    weighed: list[Any] = []

    def counted(roots: Any, others: Any) -> int:
        weighed.append(roots)
        return weight(roots, others)

    monkeypatch.setattr(natgrad_lecture.bounded_cache, "weight", counted)
    kept, _ = keeping(100 * KB)
    for i in range(10):
        with kept._kept.answering():
            for _ in range(5):
                kept(i)
                kept(max(0, i - 1))
    kept._kept.settle()
    assert len(weighed) == 10


def test_what_two_results_share_is_counted_once() -> None:
    inner, _ = keeping(100 * KB)
    outer = BoundedCache(lambda i: [i, inner(30 * KB)], inner._kept)
    found = [outer(i) for i in range(20)]
    assert all(outer(i) is found[i] for i in range(20)), "all are kept"


def test_a_picture_that_needs_more_than_the_budget_is_finished_and_then_let_go() -> None:
    kept, calls = keeping(50 * KB)
    sizes = [20_000 + i for i in range(5)]
    for _ in range(3):
        with kept._kept.answering():
            for size in sizes:
                kept(size)
    assert len(calls) == 5, "each part is kept beside the others"
    for i in range(ANSWERS):
        with kept._kept.answering():
            kept(i)
    kept(9)
    assert kept._kept.weight <= 50 * KB


def answers(kept: Results, count: int) -> None:
    """So many answers that use nothing."""
    for _ in range(count):
        with kept.answering():
            pass


def test_what_is_made_again_quickly_goes_when_no_answer_used_it_for_a_while() -> None:
    kept = Results(KB * KB)
    light = BoundedCache(of_bytes, kept, recent=True)
    heavy = BoundedCache(lambda size: of_bytes(size), kept)
    with kept.answering():
        old, shared, costly = (
            weakref.ref(it) for it in (light(5 * KB), light(7 * KB), heavy(9 * KB))
        )
    answers(kept, RECENT - EVERY)
    with kept.answering():
        light(7 * KB)
    assert old() is not None
    answers(kept, 2 * EVERY)
    assert old() is None
    assert shared() is not None, "it was used since"
    assert kept.weight <= 18 * KB
    answers(kept, 2 * RECENT)
    assert shared() is None
    assert costly() is not None, "the budget has room for it"


def test_what_a_process_inherits_is_not_touched_for_its_age() -> None:
    kept = Results(KB * KB)
    light = BoundedCache(of_bytes, kept, recent=True)
    with kept.answering():
        before, used = weakref.ref(light(5 * KB)), weakref.ref(light(6 * KB))
    kept.begin_in_child()
    with kept.answering():
        light(6 * KB)
    answers(kept, 2 * RECENT)
    assert before() is not None
    assert used() is None


@pytest.mark.parametrize("name", [name for name in lessons if not lessons[name].slow])
def test_a_slider_that_is_dragged_on_and_on_takes_no_more_memory(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a map's parts, of which a reader sees more the longer they wait: the budget bounds
    these.
    """
    monkeypatch.setattr(natgrad_lecture.bounded_cache, "RECENT", 8)
    monkeypatch.setattr(natgrad_lecture.bounded_cache, "EVERY", 4)

    def weighed() -> int:
        for entry in RESULTS.entries.values():
            if not isinstance(entry.value, Kept):
                RESULTS._weigh(entry)
        return sum(e.weight for e in RESULTS.entries.values() if not isinstance(e.value, Kept))

    first = lessons[name].values(lessons[name].first)
    for field_, low, high in sliders(name):
        live, whole = Live(lessons[name]), isinstance(first.get(field_), int)
        answer, _ = live.respond({"ask": 0, "set": {}})
        weights: list[int] = []
        for i in range(3 * 12):
            place = low + (high - low) * (0.3 + 0.4 * (0.618034 * i % 1))
            value = round(place) if whole else place
            answer, _ = live.respond({"ask": i, "state": answer["state"], "set": {field_: value}})
            if i % 12 == 11:
                weights.append(weighed())
        grown = (weights[2] - weights[1]) / 12 / KB
        assert grown < 16, f"{field_}: {grown:.0f} KB an answer"


def test_what_an_answer_used_is_weighed_once_it_is_sent() -> None:
    kept, _ = keeping(100 * KB)
    with kept._kept.answering():
        kept(30 * KB)
        kept(30 * KB)
        assert kept._kept.weight == 0, "a page waits for this answer"
    kept._kept.settle()
    assert 30 * KB <= kept._kept.weight <= 32 * KB
    with kept._kept.answering():
        kept(31 * KB)
    with kept._kept.answering():
        assert kept._kept.weight >= 61 * KB, "nobody settled it, so the next answer begins with it"


def test_an_answer_of_many_results_makes_room_while_it_is_made() -> None:
    kept, _ = keeping(100 * KB, lambda i: of_bytes(KB))
    old = [weakref.ref(kept(-i)) for i in range(1, 80)]
    with kept._kept.answering():
        for i in range(2 * MANY):
            kept(i)
        assert sum(ref() is None for ref in old) > MANY // 2


@dataclass
class Holder:
    held: Any
    more: dict[str, Any] = field(default_factory=dict)


class Slotted:
    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held


def _generator(held: Any) -> Iterator[int]:
    yield 0
    yield len(held)


def _suspended(held: Any) -> Iterator[int]:
    started = _generator(held)
    next(started)
    return started


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda held: held,
    "a view of it": lambda held: held[:1],
    "a list": lambda held: [1, held],
    "a dict": lambda held: {"a": (held,)},
    "a dataclass": Holder,
    "slots": Slotted,
    "a partial": lambda held: partial(len, held),
    "a closure": lambda held: lambda: held,
    "a default": lambda held: lambda it=held: it,
    "a method": lambda held: Holder(held).__repr__,
    "a generator": _suspended,
    "an array of objects": lambda held: np.array([held, None], object),
    "bytes": lambda held: held.tobytes(),
    "a view of bytes": lambda held: np.frombuffer(held.tobytes(), np.uint8),
    "text": lambda held: "x" * len(held),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_memory_is_found_however_it_is_held(holder: str) -> None:
    held = HOLDERS[holder](of_bytes(100_000))
    assert 100_000 <= weight([held]) <= 110_000
    assert weight([held, held, [held]]) <= 110_000, "and counted once"


@pytest.mark.nets
def test_a_tensor_counts_with_its_storage_once() -> None:
    torch = pytest.importorskip("torch")
    held = torch.zeros(25_000)
    assert 100_000 <= weight([held, held[:2], [held.view(5, -1)]]) <= 110_000


def test_what_another_result_is_counted_with_is_not_counted_again() -> None:
    shared = of_bytes(100_000)
    assert weight([[shared]], {id(shared)}) < KB
    assert weight([shared], {id(shared)}) >= 100_000


def test_the_program_itself_does_not_count_in_a_result() -> None:
    assert weight([np, weight, Holder, lambda: run_of, run_of, len]) < KB


def test_of_machine_code_only_what_is_the_results_own_counts() -> None:
    """A compiled step refers to the library of LLVM: to follow that took a sixth of a drag."""
    pytest.importorskip("llvmlite")
    model, traces = problems["normal"](), dict[Any, Any]()
    with ahead():
        run(model, rules["gradient"](), model.start, 50, traces)
    assert KB < weight([traces], {id(model)}) < 40 * KB


def test_threads_share_what_is_kept() -> None:
    kept, _ = keeping(30 * KB)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(kept, [1000 + i % 40 for i in range(2000)]))
    assert [len(each) for each in found] == [1000 + i % 40 for i in range(2000)]
    store = kept._kept
    assert store.weight == sum(entry.weight for entry in store.entries.values()) <= 30 * KB


def test_a_function_with_a_memory_is_copied_and_sent_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(run_of)) is run_of
    assert copy.deepcopy(run_of) is run_of
    assert run_of.__doc__


def test_a_reader_who_tries_many_states_fills_no_more_than_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(RESULTS, "budget", 2 * KB * KB)
    for cache in {key[0] for key in RESULTS.entries}:
        cache.cache_clear()  # what other tests kept, and made grow, is not this reader's
    live = Live(lessons["coordinates"])
    for i in range(25):
        live.respond({"ask": i, "set": {"steps": 900 - i, "rate": 0.01 + 0.001 * i}})
    RESULTS.settle()  # as after each answer that was sent
    assert RESULTS.weight <= 2 * KB * KB
    gc.collect()
    runs = [e.value for e in RESULTS.entries.values() if e.key[0] is run_of]
    assert 0 < len(runs) < 25 * 4, "older runs were let go"
    monkeypatch.undo()
    assert RESULTS.budget == BUDGET


def test_a_claim_whose_examples_are_let_go_draws_them_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(RESULTS, "budget", KB)
    lesson = lessons["efficiency"]
    claim = lesson.claims["bound"]
    assert claim.check(lesson.after(claim.set))


CACHES = ("cache", "lru_cache")


def _is_cache(node: ast.expr) -> bool:
    """Whether this names functools' ``cache`` or ``lru_cache``, called with a size or not."""
    plain = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(plain).split(".")[-1] in CACHES


def unbounded(source: str) -> list[str]:
    """What keeps a result for each of its arguments, bounded in number at most."""
    found = []
    tree = ast.parse(source)
    assigned = [n for n in tree.body if isinstance(n, ast.Assign | ast.AnnAssign) and n.value]
    for node in assigned:  # a dictionary that is empty at first is filled as states come
        if ast.unparse(node.value or node) in ("{}", "dict()"):
            found.append(ast.unparse(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if any(map(_is_cache, node.decorator_list)) and ast.unparse(node.args):
                found.append(node.name)
        elif isinstance(node, ast.Call) and _is_cache(node.func) and node.args:
            found.append(ast.unparse(node))  # lru_cache(size)(function), cache(function)
        elif isinstance(node, ast.Attribute | ast.Name) and "OrderedDict" in ast.unparse(node):
            found.append("OrderedDict")
    return found


def test_whatever_is_kept_by_arguments_is_bounded_in_bytes() -> None:
    """What the whole program needs once has no arguments, and may stay for ever; so may the texts,
    for there are no more of them than files.
    """
    ours = Path(natgrad_lecture.__file__).parent
    found = {
        f"{path.relative_to(ours)}: {name}"
        for path in sorted(ours.rglob("*.py"))
        if path.name != "bounded_cache.py"
        for name in unbounded(path.read_text("utf-8"))
    }
    assert found == {"text/lesson_text.py: read"}, "use bounded_cache"


@pytest.mark.parametrize(
    "planted",
    [
        "@lru_cache(maxsize=8)\ndef f(state): pass",
        "@functools.lru_cache\ndef f(state): pass",
        "@cache\ndef f(*, text): pass",
        "kept = lru_cache(maxsize=4)(lambda state: state)",
        "kept = functools.cache(f)",
        "_kept: dict[State, Array] = {}",
        "kept: OrderedDict[str, bytes] = OrderedDict()",
    ],
)
def test_a_memory_of_states_that_is_bounded_in_number_is_found(planted: str) -> None:
    assert unbounded(planted)
    assert not unbounded("@cache\ndef f(): pass\n@bounded_cache\ndef g(state): pass")


def test_the_decorator_shares_the_budget_of_the_process() -> None:
    @bounded_cache
    def kept(count: int) -> bytes:
        return bytes(count)

    held = kept(5000)
    kept(0)
    (ours,) = (e for e in RESULTS.entries.values() if e.value is held)
    assert 5000 <= ours.weight < 6000
    kept.cache_clear()
    assert ours not in RESULTS.entries.values()

"""What a net's things say of themselves: sizes and numbers, not their tensors."""

from __future__ import annotations

from natgrad_core.nets import Fisher, NetProblem, mlp, plane, real, rules, train

DATA = plane("moons", 60)
PROBLEM = NetProblem.of(mlp((2, 3, 2)), DATA)


def test_data_say_how_many_and_of_what() -> None:
    assert repr(DATA) == (
        f"<data moons: {len(DATA.x)} examples of 2 numbers to learn from, "
        f"{len(DATA.x_test)} to test on, 2 classes>"
    )
    assert repr(real("diabetes")).endswith(", regression>")


def test_a_problem_a_point_and_a_fisher_say_their_sizes() -> None:
    at = PROBLEM.at(PROBLEM.net.init(0), 4)
    assert repr(PROBLEM) == f"<problem of {len(DATA.x)} examples, categorical: {PROBLEM.net}>"
    assert repr(at) == f"<point at step 4, loss {at.loss:.4g}, of {PROBLEM}>"
    assert repr(Fisher(at)) == f"<true Fisher matrix, 17 × 17, of {PROBLEM.net}>"


def test_a_frame_says_where_its_run_is_and_why_it_ended() -> None:
    *_, last = train(PROBLEM, rules.kfac(), steps=2)
    assert repr(last) == (
        f"<frame 2: loss {last.loss:.4g}, {last.seconds:.3g} s, λ {last.report['damping']:.2g}>"
    )
    *_, lost = train(PROBLEM, rules.gradient(1e38), steps=3)
    assert lost.note
    assert repr(lost).endswith(f"; {lost.note}>")

"""The list of faults cannot rot: each still names a place that exists, once, and laws that do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.mutation import __main__ as runner
from tests.mutation.mutants import FAULTS, Fault

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f.file}: {f.new[:30]}")
def test_a_fault_can_be_planted(fault: Fault) -> None:
    text = (ROOT / "natgrad_core" / fault.file).read_text()
    assert text.count(fault.old) == 1
    assert fault.old != fault.new
    assert fault.laws
    for law in fault.laws:
        assert (ROOT / "tests" / "engine" / f"test_{law}.py").is_file()


def test_there_are_many_of_different_kinds() -> None:
    assert len(FAULTS) >= 60
    assert len({fault.file for fault in FAULTS}) >= 25


@pytest.mark.parametrize(
    ("code", "word"), [(0, "hold"), (1, "fail"), (-11, "crash"), (-6, "crash"), (2, "broken")]
)
def test_a_process_that_a_signal_ended_crashed_and_one_that_ran_no_law_is_broken(
    code: int, word: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def ended(*_: object, **__: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess([], code)

    monkeypatch.setattr(subprocess, "run", ended)
    assert runner.try_laws(tmp_path, ("rules",)).word == word


@pytest.mark.parametrize(
    ("unharmed", "harmed", "said", "code"),
    [
        ("hold", "fail", "2 of 2 faults caught: a law failed at 2", 0),
        ("hold", "no end", "crashed at 0, never came to an end at 2", 0),
        ("hold", "crash", "2 of 2 faults caught: a law failed at 0, the process crashed at 2", 0),
        ("hold", "broken", "0 of 2 faults caught", 1),
        ("hold", "hold", "0 of 2 faults caught", 1),
        ("fail", "fail", "The laws fail with no fault planted", None),
    ],
)
def test_a_fault_is_caught_only_if_the_laws_hold_without_it(
    unharmed: str,
    harmed: str,
    said: str,
    code: int | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def verdict(_laws: object, fault: Fault | None, time_limit: float | None) -> runner.Verdict:
        assert time_limit == (None if fault is None else runner.TIME_LIMIT * 3)
        return runner.Verdict(harmed if fault else unharmed, 3.0)

    two = tuple(fault for fault in FAULTS if len(fault.laws) == 1)[:2]
    monkeypatch.setattr(runner, "FAULTS", two)
    monkeypatch.setattr(runner, "in_a_copy", verdict)
    monkeypatch.setattr("sys.argv", ["faults", "--jobs", "1"])
    if code is None:
        with pytest.raises(SystemExit, match=said):
            runner.main()
    else:
        assert runner.main() == code
        assert said in capsys.readouterr().out

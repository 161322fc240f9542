"""The list of faults cannot rot: each still names a place that exists, once, and laws that do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.faults import FAULTS, Fault

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f.file}: {f.new[:30]}")
def test_a_fault_can_be_planted(fault: Fault) -> None:
    text = (ROOT / "natgrad_core" / fault.file).read_text()
    assert text.count(fault.old) == 1
    assert fault.old != fault.new
    assert fault.laws
    for law in fault.laws:
        assert (ROOT / "tests" / "laws" / f"test_{law}.py").is_file()


def test_there_are_many_of_different_kinds() -> None:
    assert len(FAULTS) >= 60
    assert len({fault.file for fault in FAULTS}) >= 25

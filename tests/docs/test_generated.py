"""What is written from the registries is current: tables in Markdown, and notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.generate import BLOCKS, PICTURES, ROOT, filled, generated, stale
from natgrad_lecture.lessons import lessons


def test_generated_files_are_current() -> None:
    names = [str(path.relative_to(ROOT)) for path in stale()]
    assert not names, f"run `make generate`; these are not current: {', '.join(names)}"


def test_the_table_of_lessons_and_every_notebook_are_generated() -> None:
    paths = {path.relative_to(ROOT) for path, _ in generated()}
    assert Path("docs/gallery.md") in paths
    assert {Path("notebooks") / f"{name}.ipynb" for name in lessons} <= paths
    assert {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} == set(lessons)


def test_every_lesson_has_a_picture_and_every_picture_a_lesson() -> None:
    taken = {path.stem for path in (ROOT / PICTURES).glob("*.webp")} - {"moving", "maps"}
    assert taken == set(lessons), "run `make pictures`"


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_has_a_row_for_each_item_and_nothing_in_it_ends_a_cell(name: str) -> None:
    head, line, *rows = BLOCKS[name](ROOT).rstrip("\n").split("\n")
    columns = line.count("---")
    assert rows
    for row in (head, *rows):
        assert row.replace("\\|", "").count("|") == columns + 1, row


def test_writing_twice_changes_nothing_and_text_around_a_block_stays() -> None:
    text = "before\n<!-- generated: rules -->\nold\n<!-- end -->\nafter\n"
    once = filled(text)
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert "old" not in once
    assert "`natural` |" in once
    assert filled(once) == once


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "<!-- generated: rulez -->\n<!-- end -->",
            "no generated block 'rulez'; there are .*rules",
        ),
        ("<!-- generated: rules -->\n", "no <!-- end -->"),
    ],
)
def test_a_block_that_does_not_exist_or_does_not_end_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        filled(text)

"""A pasted table in which one column is a label: which one, which classes, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natgrad_core.datasets.labeled import MOST_CLASSES, read_labeled
from natgrad_core.datasets.pasted import UnreadableData

IRIS = "width,kind,length\n1,setosa,5\n2,virginica,6\n3,setosa,7"


@pytest.mark.parametrize(
    ("text", "label", "column", "classes", "labels"),
    [
        (IRIS, "", "kind", ("setosa", "virginica"), (0, 1, 0)),
        (IRIS, "Kind", "kind", ("setosa", "virginica"), (0, 1, 0)),
        (IRIS, "length", "length", ("5", "6", "7"), (0, 1, 2)),
        ("a;class\n1,5;2.0\n2,5;1\n3,5;2", "", "class", ("1", "2"), (1, 0, 1)),
        ("class,a\n10,1\n9,2", "", "class", ("9", "10"), (1, 0)),
        ("1\t0\n2\t1\n3\t1", "", "y", ("0", "1"), (0, 1, 1)),
        ("a,ill\n1,yes\n2,no", "", "ill", ("no", "yes"), (1, 0)),
        ("car,hp,cyl\nA,1,4\nB,2,8\nC,3,4", "", "cyl", ("4", "8"), (0, 1, 0)),
        ('[{"a": 1, "y": "u"}, {"a": 2, "y": "v"}]', "", "y", ("u", "v"), (0, 1)),
        ("sick,a,b\n1,0.5,0.1\n0,1.5,0.2", "", "sick", ("0", "1"), (1, 0)),
        ("Size (cm),n\n1,4\n2,5", "Size (cm)", "Size", ("1", "2"), (0, 1)),
    ],
)  # fmt: skip
def test_the_label_is_the_column_that_is_named_or_the_one_a_person_would_take(
    text: str, label: str, column: str, classes: tuple[str, ...], labels: tuple[int, ...]
) -> None:
    found = read_labeled(text, label)
    assert (found.label, found.classes, found.labels) == (column, classes, labels)
    assert column not in found.columns
    assert found.x.shape == (len(labels), len(found.columns))


def test_a_row_that_lacks_its_label_or_a_value_is_left_out_and_said() -> None:
    found = read_labeled("a,b,kind\n1,2,u\n3,4,NA\n5,,v\n6,7,v")
    assert found.notes == ("left out: row 3 (kind is 'NA'), row 4 (b is empty)",)
    assert found.x.tolist() == [[1, 2], [6, 7]]
    assert found.labels == (0, 1)
    assert found.how == "3 columns, 2 rows, with commas"


def test_a_class_that_loses_all_its_rows_is_no_class() -> None:
    found = read_labeled("a,kind\n1,u\nNA,t\n2,v\n3,u")
    assert (found.classes, found.labels) == (("u", "v"), (0, 1, 0))


@pytest.mark.parametrize(
    ("text", "label", "said"),
    [
        (IRIS, "color", "no column is called 'color'; there are 'width', 'kind', 'length'"),
        ("a,b\n1,0.5\n2,1", "b", "'b' holds '0.5', and a label is a word or a whole number; name"),
        ("a,b\n1,1e999\n2,1", "b", "'b' holds '1e999'"),
        ("a,b\n1,u\n2,u", "b", "'b' has one class only, 'u'"),
        ("kind\nu\nv\nu", "", "no column holds numbers"),
        ("a,b\n1,u\n2,NA", "b", "'b' has one class only, 'u'"),
        ("", "", "there are no data"),
    ],
)
def test_what_is_no_label_is_refused_with_what_there_is(text: str, label: str, said: str) -> None:
    with pytest.raises(UnreadableData) as error:
        read_labeled(text, label)
    assert said in str(error.value)


def test_too_many_classes_are_refused() -> None:
    rows = [f"{i % 3 / 2},{i}" for i in range(MOST_CLASSES + 1)]
    assert len(read_labeled("\n".join(["a,n", *rows[:-1]])).classes) == MOST_CLASSES
    with pytest.raises(UnreadableData, match="'n' has 11 different entries, and at most 10"):
        read_labeled("\n".join(["a,n", *rows]))


@given(st.text("0123456789,.;\t\n \"'xyzNA-:[]{}", max_size=50), st.sampled_from(["", "x", "y"]))
def test_no_text_ends_in_another_error(text: str, label: str) -> None:
    try:
        found = read_labeled(text, label)
    except UnreadableData:
        return
    assert np.isfinite(found.x).all()
    assert set(found.labels) == set(range(len(found.classes)))

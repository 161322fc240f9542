"""Data are read as people paste them; what is left out is said, what is unclear is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natgrad_core.datasets.pasted import MOST_ROWS, UnreadableData, read_table

READ = [
    ("x: 1 2 3; y: 4 5 6", {"x": [1, 2, 3], "y": [4, 5, 6]}),
    ("x = [1, 2, 3]\ny = [4, 5, 6]", {"x": [1, 2, 3], "y": [4, 5, 6]}),
    ("1\n2\n3.5", {"y": [1, 2, 3.5]}),
    ("1 2 3 4", {"y": [1, 2, 3, 4]}),
    ("dose,dead\n1,0\n2,1\n", {"dose": [1, 2], "dead": [0, 1]}),
    ("dose;dead\n1,5;0\n2,5;1\n", {"dose": [1.5, 2.5], "dead": [0, 1]}),
    ("dose\tdead\r\n1,5\t0\r\n2,5\t1\r\n", {"dose": [1.5, 2.5], "dead": [0, 1]}),
    ("\ufeffdose,dead\n1,0\n", {"dose": [1], "dead": [0]}),
    ('"x","y"\n"1,234","5"\n"2,345,678","6"', {"x": [1234, 2345678], "y": [5, 6]}),
    ("x;y\n1.234,5;2\n2.000,1;3", {"x": [1234.5, 2000.1], "y": [2, 3]}),
    ('a,b\n"1,5",2\n"2,5",3', {"a": [1.5, 2.5], "b": [2, 3]}),
    ("$1,000\n$2,000", {"y": [1000, 2000]}),
    ("€5,50\n€6,50", {"y": [5.5, 6.5]}),
    ("5 kg\n6 kg", {"y": [5, 6]}),
    ("10%\n20%", {"y": [10, 20]}),
    ("1,2,3\n4,5,6", {"x1": [1, 4], "x2": [2, 5], "y": [3, 6]}),
    ("a|b\n1|2\n3|4", {"a": [1, 3], "b": [2, 4]}),
    ("  x   y\n 1.5  2\n 3   4\n", {"x": [1.5, 3], "y": [2, 4]}),
    ("y\n1\n\n2\n\n3", {"y": [1, 2, 3]}),
    ("1,\n2,\n3,", {"y": [1, 2, 3]}),
    ("−1.5\n2e-3", {"y": [-1.5, 0.002]}),
    ("mpg cyl\nMazda 21 6\nDatsun 22.8 4", {"mpg": [21, 22.8], "cyl": [6, 4]}),
    ("[1, 2, 3]", {"y": [1, 2, 3]}),
    ("[[1, 2], [3, 4]]", {"x": [1, 3], "y": [2, 4]}),
    ('{"x": [1, 2], "y": [3, 4]}', {"x": [1, 2], "y": [3, 4]}),
    ('[{"x": 1, "y": 2}, {"x": 3, "y": 4}]', {"x": [1, 3], "y": [2, 4]}),
    ("(1, 2), (3, 4)", {"x": [1, 3], "y": [2, 4]}),
    ("{'x': (1, 2), 'y': (None, 4)}", {"x": [2], "y": [4]}),
    ("yes\nno\nyes", {"y": [1, 0, 1]}),
    ("date,y\n2024-01-01,3\n2024-02-01,4", {"date": [0, 31], "y": [3, 4]}),
    ("date,y\n31/12/2023,3\n01/01/2024,4", {"date": [0, 1], "y": [3, 4]}),
    ("date,y\n12/31/2023,3\n01/02/2024,4", {"date": [0, 2], "y": [3, 4]}),
    ("date;y\n1.2.2024;3,5\n2.2.2024;4", {"date": [0, 1], "y": [3.5, 4]}),
    ("array([1. , 2.5, 3. ])", {"y": [1, 2.5, 3]}),
    ("np.array([[1, 2],\n       [3, 4]], dtype=float)", {"x": [1, 3], "y": [2, 4]}),
    ("tensor([1., 2., 3.], requires_grad=True)", {"y": [1, 2, 3]}),
    ("[1.  2.5 3. ]", {"y": [1, 2.5, 3]}),
    ("[[1. 2.]\n [3. 4.]]", {"x": [1, 3], "y": [2, 4]}),
    ("c(1, 2, 3.5)", {"y": [1, 2, 3.5]}),
    ("x <- c(1,2,3)\ny <- c(4,5,6)", {"x": [1, 2, 3], "y": [4, 5, 6]}),
    ("x = np.array([1, 2,\n  3])\ny = [4, 5, 6]", {"x": [1, 2, 3], "y": [4, 5, 6]}),
    ('pd.DataFrame({"x": [1, 2], "y": [3, 4]})', {"x": [1, 2], "y": [3, 4]}),
    ("[1] 1.2 3.4 5.6\n[4] 7.8 9.1", {"y": [1.2, 3.4, 5.6, 7.8, 9.1]}),
    ("| x | y |\n|---|:-:|\n| 1 | 2 |\n| 3 | 4 |", {"x": [1, 3], "y": [2, 4]}),
    ("+---+---+\n| x | y |\n+---+---+\n| 1 | 2 |\n+---+---+", {"x": [1], "y": [2]}),
    ("x   y\n--- ---\n1   2\n3   4", {"x": [1, 3], "y": [2, 4]}),
    ('{"data": {"x": [1, 2], "y": [3, 4]}}', {"x": [1, 2], "y": [3, 4]}),
    ('{"columns": ["x", "y"], "data": [[1, 2], [3, 4]]}', {"x": [1, 3], "y": [2, 4]}),
    ('{"x": {"0": 1, "1": 2}, "y": {"0": 3, "1": 4}}', {"x": [1, 2], "y": [3, 4]}),
    ('{"x": 1, "y": 2}\n{"x": 3, "y": 4}', {"x": [1, 3], "y": [2, 4]}),
    ("{x: [1, 2], y: [3, 4]}", {"x": [1, 2], "y": [3, 4]}),
    ("1.234.567,8\n2.345.678,9", {"y": [1234567.8, 2345678.9]}),
    ("ｘ，ｙ\n１，２\n３，４", {"x": [1, 3], "y": [2, 4]}),
    ("Dose\t1\t2\t3\nDead\t0\t1\t1", {"Dose": [1, 2, 3], "Dead": [0, 1, 1]}),
    ("Mazda 21 6\nDatsun 22.8 4", {"x2": [21, 22.8], "y": [6, 4]}),
    ("dead\nno\nyes", {"dead": [0, 1]}),
]


@pytest.mark.parametrize(("text", "columns"), READ)
def test_a_text_is_read_as_the_columns_that_a_person_sees(
    text: str, columns: dict[str, list[float]]
) -> None:
    found = read_table(text)
    assert {name: values.tolist() for name, values in found.columns.items()} == columns


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,NA\n2,3\n4,5", "left out: row 2 (b is 'NA')"),
        ("a\tb\n1\t\n\t2\n3\t4", "left out: row 2 (b is empty), row 3 (a is empty)"),
        ("a;b\n1;x\n2;3\n3;4", "left out: row 2 (b is 'x')"),
        ("sex,h\nm,1\nf,2", "the column 'sex' is text ('m') and was left out"),
        ("a,b\n1,NA\n2,", "the column 'b' is empty and was left out"),
        ("Dose (mg/l),y\n1,2\n3,4", "the column 'Dose (mg/l)' is called Dose"),
        ("x,x\n1,2\n3,4", "the column 'x' is called x_2"),
        ("x,dead\n1,yes\n2,no", "in dead, no is 0 and yes is 1"),
        ("d,y\n2024-01-05,1\n2024-01-06,2", "d is in days since 2024-01-05"),
        (
            "d,y\n1/5/2024,1\n1/6/2024,2",
            "d may be day/month or month/day; write dates as 2024-01-31",
        ),
        ("y\n#N/A\n1\n2", "left out: row 2 (y is '#N/A')"),
        ("<0.1\n0.2\n0.3", "left out: row 1 (y is '<0.1')"),
        ("5 (0.1)\n6 (0.2)", "the column 'y' is text ('(0.1)') and was left out"),
        ("m\n5 kg\n6 kg", "in m, the unit kg was left out"),
        ("$1.5M\n$2M", "in y, the unit $M was left out"),
    ],
)
def test_what_is_left_out_or_renamed_is_said(text: str, said: str) -> None:
    assert said in read_table(text).notes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there are no data"),
        ("hello", "no column holds numbers"),
        ("x\n", "no column holds numbers"),
        ("x,y", "the only row is 'x, y'"),
        ("5 kg\n300 g", "'5 kg' is in kg and '300 g' in g; give all its numbers in one"),
        ("1k\n2M", "has two units"),
        ("$5\n€6", "has two units"),
        ("1,5\n2,5", "'1,5' may be one number or two; write 1.5"),
        ("1,234\n2,345", "may be one number or two"),
        ("0,5 1,5 2,5", "may be one number or two"),
        ("x: 1,5 2,5", "may be one number or two"),
        ("a,b\n1,2\n3\n", "row 3 has 1 value, and the first has 2"),
        ("x: 1 2; y: 3", "there are x 2, y 1"),
        ("x: 1; x: 2", "two columns are called 'x'"),
        ("[1, 2,", "begins like a list"),
        ('{"x": 1}', "each name needs a list"),
        ('{"x": [1], "y": [1, 2]}', "one length"),
        ("a,b\n,1\n2,", "every row lacks a value"),
        ("1e999\n2e999", "every row lacks a value"),
        ("()", "there are no data"),
        ('x,y\n"' + "1" * 200_000, "a quote is opened and never closed"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(UnreadableData) as error:
        read_table(text)
    assert said in str(error.value)


def test_a_hundred_thousand_rows_are_read_and_no_more() -> None:
    rows = "\n".join(f"{i}\t{i % 2}" for i in range(MOST_ROWS))
    found = read_table(f"x\ty\n{rows}")
    assert found.rows == MOST_ROWS
    assert found.how == "2 columns, 100,000 rows, with tabs"
    with pytest.raises(UnreadableData, match="at most 100,000 rows"):
        read_table(f"x\ty\n{rows}\n1\t2")


numbers = st.floats(-1e6, 1e6).map(lambda v: float(f"{v:.6g}"))
tables = st.integers(1, 4).flatmap(
    lambda d: st.lists(st.tuples(*[numbers] * d), min_size=2, max_size=6)
)


@given(tables, st.sampled_from(["\t", ";", ", ", "|"]), st.booleans())
def test_a_table_of_numbers_comes_back_whatever_its_separator(
    rows: list[tuple[float, ...]], separator: str, header: bool
) -> None:
    lines = [separator.join(map(repr, row)) for row in rows]
    names = [f"col{i}" for i in range(len(rows[0]))]
    found = read_table("\n".join([separator.join(names)] * header + lines))
    assert np.array_equal(np.stack(list(found.columns.values()), -1), np.array(rows))
    assert np.array_equal(
        np.stack(list(read_table(json.dumps(rows)).columns.values()), -1), np.array(rows)
    )


@given(st.text("0123456789,.;\t\n \"'xyez-+[](){}:=#NA%$|", max_size=50))
def test_no_text_ends_in_another_error(text: str) -> None:
    try:
        found = read_table(text)
    except UnreadableData:
        return
    assert all(np.isfinite(values).all() for values in found.columns.values())

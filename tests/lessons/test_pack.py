"""Answers made ahead are the engine's; the export writes pages whose links lead to one another."""

from __future__ import annotations

import errno
import gzip
import json
import re
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from natgrad_lecture.__main__ import main
from natgrad_lecture.export import static_site
from natgrad_lecture.export.answer_pack import Pack, acts_of
from natgrad_lecture.export.kinds import EXPORTS
from natgrad_lecture.export.saved_page import page, saved
from natgrad_lecture.export.static_site import export
from natgrad_lecture.lessons import lessons
from natgrad_lecture.protocol import Picture
from natgrad_lecture.session import Live
from natgrad_lecture.text.languages import ENGLISH, home_languages
from tests.support import killed_worker
from tests.support.links import broken_links

LESSON = lessons["steepest-descent"]
LISTS = [
    f"{name}{'' if language == ENGLISH else f'.{language}'}.html"
    for name in ("index", "glossary")
    for language in home_languages()
]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lessons, exported as a reader exports them."""
    folder = tmp_path_factory.mktemp("export") / "lessons"
    assert main(["export", str(folder), "--lesson", LESSON.name, "--lesson", "roads"]) == 0
    return folder


def contents(text: str) -> tuple[dict[str, Any], bytes]:
    """The words and the arrays that a page holds."""
    words, arrays = (
        gzip.decompress(b64decode(re.findall(rf'id="natgrad-{name}">([^<]*)<', text)[0]))
        for name in ("words", "arrays")
    )
    return json.loads(words), arrays


@pytest.mark.slow
def test_every_act_of_the_lesson_is_in_its_page_and_is_what_the_engine_says(
    exported: Path,
) -> None:
    pack, data = contents((exported / f"{LESSON.name}.html").read_text())
    found = {json.dumps(changes, sort_keys=True): at for changes, at in pack["acts"]}
    live = Live(LESSON, EXPORTS)
    for changes in acts_of(LESSON):
        at = found[json.dumps(json.loads(json.dumps(changes)), sort_keys=True)]
        expected, buffer = live.respond({"ask": 0, "set": changes, "reset": True})
        answer = pack["answers"][at]
        assert answer["query"] == expected["query"]
        assert answer["description"] == expected["description"]
        assert answer["buffers"].keys() == expected["buffers"].keys()
        for name, (kind, shape, offset) in expected["buffers"].items():
            here = answer["buffers"][name]
            assert here[:2] == [kind, shape]
            size = int(np.prod(shape)) * 4
            assert data[here[2] : here[2] + size] == buffer[offset : offset + size], name


@pytest.mark.slow
def test_sliders_have_places_and_each_leads_to_its_answer(exported: Path) -> None:
    pack, _ = contents((exported / f"{LESSON.name}.html").read_text())
    moves = pack["moves"][str(pack["start"])]
    turns = moves["turn"]
    assert len(turns) >= 9
    values = [value for value, _ in turns]
    assert values == sorted(values)
    assert LESSON.default.plain()["turn"] in values
    for value, at in turns:
        assert pack["answers"][at]["state"]["turn"] == value
    assert len({at for _, at in turns}) == len(turns)
    assert {"of", "show"} <= set(moves)


def test_arrays_that_many_answers_share_are_held_once() -> None:
    pack = Pack(LESSON)
    pack.grid(LESSON.default)
    apart = 0
    for answer in pack.answers:
        apart += sum(4 * int(np.prod(shape)) for _, shape, _ in answer["buffers"].values())
    _, arrays = pack.parts(0)
    assert len(gzip.decompress(b64decode(arrays))) < 0.8 * apart


def test_a_former_address_leads_on_with_all_that_its_link_asks_for(exported: Path) -> None:
    moved = (exported / "roads.html").read_text()
    assert 'location.replace("geodesics.html" + location.search + location.hash)' in moved
    assert '<a href="geodesics.html">' in moved


def test_a_full_pack_leaves_controls_out_and_says_which() -> None:
    pack = Pack(LESSON, room=1)
    pack.grid(LESSON.default)
    assert "turn" in pack.left_out
    assert pack.moves == {0: {}}


def test_the_pages_lead_to_one_another_and_to_nothing_else(exported: Path) -> None:
    names = {path.name for path in exported.iterdir()}
    assert names == {*LISTS, f"{LESSON.name}.html", "geodesics.html", "roads.html"}
    index = (exported / "index.html").read_text()
    assert set(re.findall(r'href="([\w.-]+\.html)(?:\?[^"]*)?"', index)) == names - {
        "index.html",
        *(name for name in LISTS if name.startswith("glossary.") and name != "glossary.html"),
        "roads.html",
    }
    nav = [
        contents((exported / name).read_text())[0]["lesson"]["nav"]
        for name in (f"{LESSON.name}.html", "geodesics.html")
    ]
    assert nav[0]["after"]["name"] == "geodesics.html"
    assert nav[1]["before"]["name"] == f"{LESSON.name}.html"
    assert {"before", "after"} & set(nav[0]) == {"after"}
    for name in names:
        text = (exported / name).read_text().partition("<script>")[0]
        assert not re.findall(r'(?:src|href)="(?!data:|[\w.-]+\.html["?])', text)


BASES = ("", "http://127.0.0.1:8000/", "https://host.example/a/course/")
"""Where an exported folder is read: on a disk, on a host, below a path of a host."""


@pytest.mark.parametrize("base", BASES)
def test_every_link_of_the_exported_pages_leads_somewhere(exported: Path, base: str) -> None:
    found = broken_links(exported, base)
    assert found == []


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("gone.html", "gone.html"),
        ("/kl.html", "/kl.html"),
        ("glossary.html#no-such-term", "(no such id)"),
        ("#nowhere", "(no such id)"),
        ("../gone.html", "../gone.html"),
    ],
)
@pytest.mark.parametrize("base", BASES)
def test_a_broken_link_is_found(tmp_path: Path, base: str, link: str, said: str) -> None:
    (tmp_path / "index.html").write_text('<a href="glossary.html?lang=en#metric">m</a>')
    (tmp_path / "glossary.html").write_text('<dt id="metric">m</dt><a href="./">all</a>')
    assert broken_links(tmp_path, base) == []
    (tmp_path / "more.html").write_text(f'<p>of <img alt="" src="{link}"></p>')
    (found,) = broken_links(tmp_path, base)
    assert found.startswith("more.html: ")
    assert said in found


def test_a_link_from_the_root_of_a_host_is_broken_anywhere_else(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<a href="/index.html">all</a>')
    assert [bool(broken_links(tmp_path, base)) for base in BASES] == [True, False, True]


def test_a_broken_link_in_what_a_page_holds_is_found(tmp_path: Path) -> None:
    pack = Pack(LESSON)
    first = pack.put(LESSON.default)
    nav = {"home": {"name": "index.html"}, "after": {"name": "gone.html", "title": "Gone"}}
    (tmp_path / "lesson.html").write_bytes(page(pack, first, nav=nav))
    for name in ("index", "glossary"):
        (tmp_path / f"{name}.html").write_text("")
    assert broken_links(tmp_path) == ["lesson.html: gone.html"]


def test_the_policy_lets_the_page_fetch_nothing() -> None:
    pack = Pack(LESSON)
    text = page(pack, pack.put(LESSON.default)).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy
    assert "connect" not in policy


def test_a_reader_takes_the_state_in_view_with_him() -> None:
    live = Live(LESSON, EXPORTS)
    state = {**LESSON.default.plain(), "turn": 12.0}
    answer, data = live.respond({"ask": -1, "export": "html", "state": state, "link": "here"})
    assert answer["exported"]["kind"] == "html"
    pack, _ = contents(data.decode())
    assert pack["answers"][pack["first"]]["state"]["turn"] == 12.0
    hurried = contents(saved(LESSON, LESSON.default, "", seconds=0.0).decode())[0]
    assert len(hurried["acts"]) == len(LESSON.presets)  # these are never left out


def test_an_unknown_thing_to_take_is_named() -> None:
    with pytest.raises(ValueError, match="there are python, cite, html"):
        Live(LESSON, EXPORTS).export_file({"ask": -1, "export": "gold"})


def test_what_cannot_be_drawn_is_left_out_and_said() -> None:
    lesson = lessons["coordinates"]

    def picture(seen: Any, sheet: Any) -> Picture:
        if seen.state.steps == 40:
            raise IndexError("index 0 is out of bounds")
        return lesson.picture(seen, sheet)

    pack = Pack(replace(lesson, picture=picture), room=10**6)
    pack.put(lesson.default)
    pack.act({"steps": 40})
    pack.act({"steps": 41})
    (said,) = pack.not_drawn
    assert "'steps': 40" in said
    assert "Index" not in said
    assert [pack.answers[at]["state"]["steps"] for _, at in pack.acts] == [41]
    assert len(pack.answers) == len(pack.whole) == 2


def test_an_export_ends_and_breaks_no_link_though_a_lesson_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fill(pack: Pack) -> int:
        if pack.lesson.name == "geodesics":
            raise StopIteration
        return pack.put(pack.lesson.default)

    monkeypatch.setattr(static_site, "_fill", fill)
    names = [LESSON.name, "geodesics"]
    written = export(tmp_path, names, workers=1)
    assert sorted(path.name for path in written) == sorted([*(f"{n}.html" for n in names), *LISTS])
    assert "NOT exported" in capsys.readouterr().out
    assert "could not be saved" in (tmp_path / "geodesics.html").read_text()
    assert broken_links(tmp_path) == []
    export(tmp_path, names, resume=True, workers=1)
    assert "2 of 2 pages are there already" in capsys.readouterr().out


def test_an_export_ends_though_a_process_of_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(static_site, "_write", killed_worker.write)
    names = [LESSON.name, killed_worker.KILLED, "kl"]
    written = export(tmp_path, names, workers=2)
    assert all(path.exists() for path in written)
    assert (tmp_path / "kl.html").read_text() == "kl", "the others are made all the same"
    assert (tmp_path / f"{LESSON.name}.html").read_text() == LESSON.name
    assert "could not be saved" in (tmp_path / f"{killed_worker.KILLED}.html").read_text()
    said = capsys.readouterr().out
    assert "NOT exported (its process was ended" in said
    assert "[3/3]" in said


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (["--lesson=foo"], "no lesson 'foo'; there are"),
        (["--lang=xx"], "no lesson speaks 'xx'; there are en, es, zh"),
        (["--workers=-1"], "0 or more"),
        (["--room=-5"], "0 or more"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_a_sentence(
    how: list[str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=f"^natgrad: .*{said}"):
        main(["export", str(tmp_path / "site"), *how])
    assert not (tmp_path / "site").exists()


def test_a_folder_that_cannot_be_written_is_named_and_no_half_page_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=rf"^natgrad: {tmp_path}/file/site cannot be written"):
        main(["export", str(tmp_path / "file" / "site")])

    def full(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(static_site, "_fill", lambda pack: pack.put(pack.lesson.default))
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SystemExit, match=r"No space left on device.*--resume"):
        main(["export", str(tmp_path / "site"), f"--lesson={LESSON.name}", "--workers=1"])
    assert list((tmp_path / "site").iterdir()) == []


def test_an_export_has_the_lessons_in_another_language_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_site, "_fill", lambda pack: pack.put(pack.lesson.default))
    export(tmp_path, [LESSON.name], workers=1, languages=["zh"])
    page = tmp_path / f"{LESSON.name}.zh.html"
    assert '<html lang="zh">' in page.read_text()
    lesson = contents(page.read_text())[0]["lesson"]
    assert lesson["title"] == LESSON.text("zh").title
    assert lesson["nav"]["home"]["name"] == "index.zh.html"
    assert broken_links(tmp_path) == []

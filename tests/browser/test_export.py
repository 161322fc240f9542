"""Exports are opened and checked: pictures, films, numbers, scripts; and the pinned run."""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import json
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from natgrad_lecture.lessons import lessons
from tests.browser.acts import ROOT, paths, settle
from tests.browser.conftest import SET
from tests.support.chromium import Server

SVG = "{http://www.w3.org/2000/svg}"
PLAIN = "#c2410c"
PAPER = "#fcfbf8"
PALE = "#" + "".join(
    f"{round(0.45 * int(PLAIN[i : i + 2], 16) + 0.55 * int(PAPER[i : i + 2], 16)):02x}"
    for i in (1, 3, 5)
)
"""The color of the part of gradient descent's run that is still to come."""
STEPS = 30


@pytest.fixture(scope="module")
def shared(browser: Any, server: Server) -> Iterator[Page]:
    """A page with a link's state on it: another A, fewer steps."""
    visitor = browser.new_context(
        viewport={"width": 1280, "height": 800},
        bypass_csp=True,
        accept_downloads=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = visitor.new_page()
    page.goto(f"{server.url}coordinates?v=1&A=1,0.5,0,1.2&steps={STEPS}")
    page.wait_for_function(f"{ROOT.removesuffix('.natgrad')}?.natgrad")
    settle(page)
    yield page
    visitor.close()


@pytest.fixture
def export(shared: Page, tmp_path: Path) -> Callable[[str], Path]:
    """Choose an action of the menu, and save what comes."""

    def act(kind: str) -> Path:
        shared.locator(".menu > button").click()
        with shared.expect_download() as found:
            shared.locator(f"[data-action={kind}]").click()
        path = tmp_path / found.value.suggested_filename
        found.value.save_as(path)
        return path

    return act


def clipboard(page: Page, kind: str) -> str:
    """What an action of the menu puts on the clipboard."""
    page.evaluate("navigator.clipboard.writeText('')")
    page.locator(".menu > button").click()
    page.locator(f"[data-action={kind}]").click()
    text = page.evaluate(
        """async () => { for (;;) {
            const text = await navigator.clipboard.readText();
            if (text) return text;
            await new Promise(requestAnimationFrame);
        } }"""
    )
    expect(page.locator(".menu .said")).to_have_text("copied")
    return text


def ask_image(page: Page, path: Path, kind: str, script: str) -> Any:
    """What a script says of a file that the browser itself decodes."""
    data = base64.b64encode(path.read_bytes()).decode()
    return page.evaluate(
        f"""async () => {{
            const bytes = Uint8Array.from(atob("{data}"), (c) => c.charCodeAt(0));
            const blob = new Blob([bytes], {{ type: "{kind}" }});
            {script}
        }}"""
    )


def chunks(data: bytes) -> dict[str, bytes]:
    """The chunks of a PNG."""
    found, at = {}, 8
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        found.setdefault(data[at + 4 : at + 8].decode(), data[at + 8 : at + 8 + size])
        at += 12 + size
    return found


def test_the_png_is_for_print_and_knows_where_it_comes_from(
    shared: Page, export: Callable[[str], Path]
) -> None:
    path = export("png")
    assert path.name == "coordinates.png"
    found = chunks(path.read_bytes())
    width, height = struct.unpack(">II", found["IHDR"][:8])
    assert width == 2126  # 180 mm at 300 to the inch
    assert 0.5 * width < height < width
    assert struct.unpack(">IIB", found["pHYs"]) == (11811, 11811, 1)
    assert "steps=30" in found["iTXt"].decode()
    colors = ask_image(
        shared,
        path,
        "image/png",
        """const image = await createImageBitmap(blob);
        const [width, height] = [image.width >> 1, image.height >> 1]; // every other pixel will do
        const ctx = new OffscreenCanvas(width, height).getContext("2d");
        ctx.imageSmoothingEnabled = false;
        ctx.drawImage(image, 0, 0, width, height);
        const counts = {};
        for (const color of new Uint32Array(ctx.getImageData(0, 0, width, height).data.buffer))
            counts[color] = (counts[color] ?? 0) + 1;
        return counts;""",
    )

    def pixels(*color: int) -> int:
        return colors.get(str(int.from_bytes(bytes((*color, 255)), "little")), 0)

    assert pixels(194, 65, 12) > 500  # the color of gradient descent
    assert pixels(252, 251, 248) > 25_000  # light paper, whatever the screen has


def test_a_picture_for_print_is_the_same_on_a_dark_and_on_a_light_screen(
    browser: Browser, server: Server
) -> None:
    """With a map, whose image is kept for its theme: a film in the screen's colors comes first."""
    files: dict[str, list[bytes]] = {"gif": [], "png": []}
    for scheme in ("dark", "light"):
        visitor = browser.new_context(color_scheme=scheme, accept_downloads=True, bypass_csp=True)
        page = visitor.new_page()
        page.goto(f"{server.url}robustness?v=1&steps=4")
        page.wait_for_function(f"{ROOT.removesuffix('.natgrad')}?.natgrad")
        settle(page)
        for kind in ("gif", "png"):
            page.locator(".menu > button").click()
            with page.expect_download() as download:
                page.locator(f"[data-action={kind}]").click()
            files[kind].append(Path(download.value.path()).read_bytes())
        visitor.close()
    assert files["gif"][0] != files["gif"][1]
    assert files["png"][0] == files["png"][1]


def test_the_svg_is_the_picture_with_a_caption_and_the_link(
    shared: Page, export: Callable[[str], Path]
) -> None:
    text = export("svg").read_text()
    root = ElementTree.fromstring(text)
    assert root.get("width") == "180mm"
    assert not any(word in text for word in ("oklch", "color-mix", "NaN", "undefined"))
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert any(word and "steps=30" in word for word in words)
    assert "gradient descent" in words
    assert "run in x, mapped back" in words
    # It stands over no question: the takeaway is said, which the page hides as long as one is open.
    assert lessons["coordinates"].takeaway in " ".join(filter(None, words))
    # The run of gradient descent is where the engine computes it, in the first plane's pixels.
    planes = list(root.iter(f"{SVG}svg"))[1:]
    side = float(planes[0].get("width") or 0)
    x0, x1, _, y1 = settle(shared)["planes"][0]["view"]
    expected = (paths(shared)["theta", "gradient", "solid"] - [x0, y1]) * [1, -1] * side / (x1 - x0)
    drawn = [
        np.array([pair.split() for pair in path.get("d", "")[1:].split("L")], float)
        for plane in planes[:2]
        for path in plane.iter(f"{SVG}path")
        if path.get("stroke") in (PLAIN, PALE)
        and path.get("fill") == "none"
        and set(path.get("d", "")) <= set("ML -.0123456789")
        and path.get("d", "").count("M") == 1
        and not path.get("stroke-dasharray")
    ]
    assert any(np.allclose(line[0], expected[0], atol=0.02) for line in drawn)
    assert any(np.allclose(line[-1], expected[-1], atol=0.02) for line in drawn)


ALIKE = """async ([svg, png]) => {
  const colors = async (link) => {
    const picture = new Image();
    picture.src = link;
    await picture.decode();
    const large = new OffscreenCanvas(1064, 720);
    large.getContext("2d").drawImage(picture, 0, 0, 1064, 720);
    const ctx = new OffscreenCanvas(266, 180).getContext("2d"); // the edge of a letter differs
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(large, 0, 0, 266, 180);
    return ctx.getImageData(0, 0, 266, 180).data;
  };
  const [one, other] = [await colors(svg), await colors(png)];
  const paper = one.filter((v, i) => v === one[i % 4]).length / one.length;
  return [one.filter((v, i) => Math.abs(v - other[i]) > 32).length / one.length, paper];
}"""
"""How much of a picture differs from another one, and how much of it is paper."""


@pytest.mark.skipif(not shutil.which("rsvg-convert"), reason="needs rsvg-convert (librsvg2-bin)")
@pytest.mark.parametrize("query", ["coordinates", "net?v=1&steps=20", "fisher"])
def test_the_svg_opens_alike_outside_a_browser(
    shared: Page, server: Server, tmp_path: Path, query: str
) -> None:
    page = shared.context.new_page()
    page.goto(f"{server.url}{query}")
    page.wait_for_function(f"{ROOT.removesuffix('.natgrad')}?.natgrad")
    settle(page)
    page.locator(".menu > button").click()
    with page.expect_download() as found:
        page.locator("[data-action=svg]").click()
    svg = found.value.path().read_bytes()
    png = subprocess.run(
        ["rsvg-convert", "--width=1064"], input=svg, capture_output=True, check=True
    ).stdout
    links = [
        f"data:{kind};base64,{base64.b64encode(data).decode()}"
        for kind, data in (("image/svg+xml", svg), ("image/png", png))
    ]
    differs, paper = page.evaluate(ALIKE, links)
    page.close()
    assert paper < 0.95, "something is drawn"
    assert differs < 0.01


def test_a_run_to_and_fro_has_long_dashes_and_what_is_to_come_is_a_hair(
    shared: Page, server: Server
) -> None:
    page = shared.context.new_page()

    page.goto(f"{server.url}coordinates?v=1&rules=gradient&steps=100&k=100")
    page.wait_for_function(f"{ROOT.removesuffix('.natgrad')}?.natgrad")
    settle(page)

    def drawn(**changes: Any) -> list[tuple[str, float, float]]:
        """Of the dashed run's lines in the first plane: color, thickness, dash."""
        page.evaluate(SET, changes)
        page.locator(".menu > button").click()
        with page.expect_download() as found:
            page.locator("[data-action=svg]").click()
        living = list(ElementTree.parse(found.value.path()).iter(f"{SVG}svg"))[2]
        runs = [path for path in living.iter(f"{SVG}path") if path.get("stroke-dasharray")]
        return [
            (
                path.get("stroke", ""),
                float(path.get("stroke-width", 0)),
                float(path.get("stroke-dasharray", "0").split()[0]),
            )
            for path in runs
        ]

    (whole,) = drawn()
    assert whole[0] == PLAIN
    hair, walked = drawn(k=50)
    assert walked == whole
    assert hair[1] < walked[1] / 2, "what is to come is thin"
    assert hair[0] == PALE, "and pale, where it crosses itself too"
    (wild,) = drawn(matrix=[[2, 1.6], [0, 1]], k=100)
    assert wild[2] / whole[2] in (2, 4), "a long line's dashes grow, in steps of two"
    page.close()


def test_the_tables_hold_the_numbers_on_the_screen(
    shared: Page, export: Callable[[str], Path]
) -> None:
    blocks = export("csv").read_bytes().decode("utf-8-sig").split("\r\n\r\n")
    found = json.loads(export("json").read_text())
    answer, drawn = settle(shared), paths(shared)
    points = drawn["x", "natural", "dashed"]
    plane = answer["planes"][1]
    assert blocks[0].startswith("# lesson,")
    assert '\r\n# state,"http' in blocks[0], "quoted, for a link has commas"
    assert blocks[2].startswith(f"# plane,{plane['title']}\r\n")
    rows = csv.DictReader(io.StringIO(blocks[2].split("\r\n", 1)[1], newline=""))
    mine = [row for row in rows if row["what"] == "natural" and row["way"] == "run in x"]
    assert [int(row["step"]) for row in mine] == list(range(STEPS + 1))
    at = np.array([[row[label] for label in plane["labels"]] for row in mine], float)
    assert np.array_equal(at.astype(np.float32), points.astype(np.float32))
    assert all(row["loss"] for row in mine)
    assert found["state"]["matrix"] == answer["state"]["matrix"]
    assert found["meter"] == answer["meter"]
    assert found["numbers"]["A.0.1"] == 0.5
    assert "F.0.0" in found["numbers"]
    (trace,) = [
        t
        for t in found["traces"]
        if t["kind"] == "path"
        and t["plane"] == "x"
        and t["rule"] == "natural"
        and t["dash"] == "dashed"
    ]
    assert np.array_equal(np.array(trace["points"], np.float32), points.astype(np.float32))


def test_the_gif_plays_the_run(shared: Page, export: Callable[[str], Path]) -> None:
    path = export("gif")
    found = ask_image(
        shared,
        path,
        "image/gif",
        """const decoder = new ImageDecoder({ data: await blob.arrayBuffer(), type: blob.type });
        await decoder.tracks.ready;
        await decoder.completed;
        const { frameCount, repetitionCount } = decoder.tracks.selectedTrack;
        const sums = [];
        let size = null;
        for (const frameIndex of [0, Math.floor(frameCount / 2), frameCount - 1]) {
            const { image } = await decoder.decode({ frameIndex });
            const canvas = new OffscreenCanvas(image.displayWidth, image.displayHeight);
            const ctx = canvas.getContext("2d");
            ctx.drawImage(image, 0, 0);
            size = [canvas.width, canvas.height];
            const { data } = ctx.getImageData(0, 0, ...size);
            let paper = 0;
            for (let i = 0; i < data.length; i += 4) {
                paper += Math.abs(data[i] - 252) + Math.abs(data[i + 2] - 248) < 12;
            }
            sums.push([paper, data.reduce((sum, v, i) => (sum + v * (i % 9973)) % 1e9, 0)]);
        }
        return { frameCount, repetitionCount, sums, size };""",
    )
    assert found["frameCount"] == STEPS + 1
    assert found["repetitionCount"] > 1e6  # for ever
    assert found["size"][0] == 798
    first, middle, last = found["sums"]
    assert first[1] != middle[1] != last[1]
    assert all(paper > 1e5 for paper, _ in found["sums"])  # each frame stands on those before


def test_the_film_plays_where_the_browser_records(
    shared: Page, export: Callable[[str], Path]
) -> None:
    path = export("film")
    head = path.read_bytes()[:12]
    assert head[4:8] == b"ftyp" if path.suffix == ".mp4" else head[:4] == b"\x1aE\xdf\xa3"
    kind = f"video/{path.suffix[1:]}"
    found = ask_image(
        shared,
        path,
        kind,
        """const video = document.createElement("video");
        video.src = URL.createObjectURL(blob);
        await new Promise((resolve, reject) => {
            video.onloadeddata = resolve;
            video.onerror = () => reject(video.error);
        });
        const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
        const ctx = canvas.getContext("2d");
        const look = () => {
            ctx.drawImage(video, 0, 0);
            return ctx.getImageData(0, 0, canvas.width, canvas.height).data;
        };
        video.muted = true;
        video.playbackRate = 8;
        const seen = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
        const ended = new Promise((resolve) => { video.onended = resolve; });
        await video.play();
        await seen;
        const first = look();
        await ended;
        const last = look();
        const moved = first.filter((v, i) => Math.abs(v - last[i]) > 60).length;
        return { size: [canvas.width, canvas.height], moved, lasts: video.currentTime };""",
    )
    assert found["size"][0] == 1064
    assert found["size"][1] % 2 == 0
    assert 2.5 < found["lasts"] < 15  # short runs are slowed, and the last picture stands
    assert found["moved"] > 1000, "one still frame is no film, and a codec blurs by less"


def test_the_script_on_the_clipboard_makes_the_picture(shared: Page) -> None:
    source = clipboard(shared, "python")
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "<the script>", "exec"), names)
    drawn = paths(shared)
    for rule, pair in names["paths"].items():
        for key, points in (
            (("theta", rule, "solid"), pair["theta"].theta),
            (("x", rule, "dashed"), pair["x"].theta),
        ):
            assert np.array_equal(points.astype(np.float32), drawn[key].astype(np.float32)), key
    assert shared.url in source
    assert "@article{amari1998," in clipboard(shared, "cite")


def test_a_pinned_run_stays_under_the_next_one(shared: Page) -> None:
    shared.locator(".menu > button").click()
    shared.locator("[data-action=pin]").click()
    table = shared.locator(".pinned")
    expect(table).to_contain_text("Nothing is set otherwise yet")
    before = paths(shared)["theta", "gradient", "solid"]
    slider = shared.locator("input[type=range][data-field='rate']")
    slider.focus()
    slider.press("ArrowRight")
    settle(shared)
    expect(table.locator(".changed")).to_contain_text("learning rate α: 0.02 →")
    after = paths(shared)["theta", "gradient", "solid"]
    row = table.get_by_role("row").filter(has_text="gradient descent, run in θ")
    apart = float(row.get_by_role("cell").last.inner_text())
    assert apart == pytest.approx(float(np.linalg.norm(after[-1] - before[-1])), rel=1e-3)
    with_ghost = canvas_sum(shared)
    table.get_by_role("button").click()
    expect(table).to_be_hidden()
    settle(shared)
    assert canvas_sum(shared) != with_ghost
    shared.locator("button.tool[aria-label*=reset]").click()
    settle(shared)


def canvas_sum(page: Page) -> float:
    """A number that tells one living layer from another."""
    return page.evaluate(
        """() => { const c = document.querySelector(".planes canvas.living");
        const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
        return data.reduce((sum, v, i) => (sum + v * (i % 9973)) % 1e9, 0); }"""
    )


def test_what_cannot_be_made_is_said(shared: Page) -> None:
    shared.evaluate(
        """() => { window.kept = CompressionStream;
        CompressionStream = function () { throw new Error('no memory'); }; }"""
    )
    shared.locator(".menu > button").click()
    shared.locator("[data-action=png]").click()
    expect(shared.locator(".menu .said")).to_have_text("this could not be made: no memory")
    shared.evaluate("() => { CompressionStream = window.kept; }")


@pytest.mark.parametrize("kind", ["png", "csv"])
def test_a_file_whose_maker_does_not_come_is_told_in_words_and_made_the_next_time(
    context: BrowserContext, server: Server, kind: str
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}coordinates?v=1&steps={STEPS}")
    page.wait_for_function(f"{ROOT.removesuffix('.natgrad')}?.natgrad")
    settle(page)
    page.route("**/makers.js*", lambda route: route.abort())
    page.locator(".menu > button").click()
    page.locator(f"[data-action={kind}]").click()
    said = "this could not be made: its script did not load"
    expect(page.locator(".menu .said")).to_have_text(said)
    page.unroute("**/makers.js*")
    page.locator(".menu > button").click()
    with page.expect_download() as found:
        page.locator(f"[data-action={kind}]").click()
    assert found.value.suggested_filename == f"coordinates.{kind}"


def test_a_page_is_taken_from_the_live_lesson(
    context: BrowserContext, server: Server, tmp_path: Path
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}steepest-descent?v=1&turn=12")
    page.wait_for_function(f"{ROOT.removesuffix('.natgrad')}?.natgrad")
    settle(page)
    page.locator(".menu > button").click()
    with page.expect_download(timeout=120_000) as found:
        page.locator("[data-action=html]").click()
    path = tmp_path / found.value.suggested_filename
    found.value.save_as(path)
    assert path.name == "steepest-descent.html"
    context.set_offline(True)
    page.goto(path.as_uri())
    page.locator(".natgrad .handle").first.wait_for()
    assert settle(page)["state"]["turn"] == 12

"""A label on a plane is a picture of the text; held to the text itself, written there."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route

SOURCES = Path(__file__).resolve().parents[2] / "app/frontend"
SITE = "http://127.0.0.1:59999/"  # answered here: nothing is asked for over the network

BOTH = """async ([align, ratio]) => {
  const { note } = await import("/src/canvas/primitives.js");
  const look = { color: "#0b6e4f", paper: "#fdfcf9", size: 15 };
  const drawn = (direct) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [200 * ratio, 100 * ratio];
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    ctx.lineJoin = "round";
    ctx.textAlign = align;
    if (direct) ctx.Path = Path2D; // as SVG's pen has one, whose text stays text
    note(ctx, "−F⁻¹∇J", 100, 50, look);
    const { data } = ctx.getImageData(0, 0, canvas.width, canvas.height);
    return btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
  };
  return [drawn(true), drawn(false), drawn(false)];
}"""


def serve(route: Route) -> None:
    """Answer with a module of the sources, or with an empty page."""
    path = SOURCES / route.request.url.removeprefix(SITE)
    if path.is_file():
        route.fulfill(path=path, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


@pytest.mark.parametrize("align", ["left", "right"])
@pytest.mark.parametrize("ratio", [1, 2])
def test_a_label_is_where_and_what_the_text_would_be(page: Page, align: str, ratio: int) -> None:
    page.route(f"{SITE}**", serve)
    page.goto(SITE)
    text, first, kept = (
        np.frombuffer(b64decode(data), np.uint8).reshape(100 * ratio, 200 * ratio, 4).astype(float)
        for data in page.evaluate(BOTH, [align, ratio])
    )
    assert np.array_equal(first, kept)
    assert (text[..., 3] > 0).sum() > 500
    for axis in (0, 1):  # to half a pixel, to which a right end is rounded
        places = np.arange(text.shape[1 - axis])
        middles = [(seen[..., 3].sum(axis) @ places) / seen[..., 3].sum() for seen in (text, first)]
        assert abs(middles[0] - middles[1]) < 0.6
    assert np.abs(text - first).mean() < 0.12 * text.mean()

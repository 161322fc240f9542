import assert from "node:assert/strict";
import { test } from "node:test";
import { inBrowser, Matrix } from "./fakes.js";

inBrowser();
const { SvgContext } = await import("../src/export/svg_context.js");
const { SvgPath } = await import("../src/export/svg_path.js");

/** What is recorded of a drawing. @param {(ctx: SvgContext) => void} draw */
function drawn(draw) {
  const ctx = new SvgContext();
  draw(ctx);
  return ctx.body.join("\n");
}

test("a stroke has its width, its dashes and its color, in pixels", () => {
  const svg = drawn((ctx) => {
    ctx.scale(2, 2);
    ctx.strokeStyle = "#0b6e4f";
    ctx.lineWidth = 1.5;
    ctx.lineCap = "round";
    ctx.setLineDash([4, 3]);
    ctx.beginPath();
    ctx.moveTo(1, 2);
    ctx.lineTo(10, 2);
    ctx.stroke();
  });
  assert.equal(
    svg,
    '<path d="M2 4L20 4" fill="none" stroke="#0b6e4f" stroke-width="3" stroke-linecap="round" ' +
      'stroke-linejoin="miter" stroke-dasharray="8 6"/>',
  );
});

test("a filled shape has its rule and its transparency", () => {
  const svg = drawn((ctx) => {
    ctx.fillStyle = "#ff0000";
    ctx.globalAlpha = 0.5;
    ctx.moveTo(0, 0);
    ctx.lineTo(4, 0);
    ctx.lineTo(4, 4);
    ctx.closePath();
    ctx.fill("evenodd");
  });
  assert.equal(
    svg,
    '<path d="M0 0L4 0L4 4Z" fill="#ff0000" fill-opacity="0.5" fill-rule="evenodd"/>',
  );
});

test("a circle is four cubic curves through its four ends", () => {
  const svg = drawn((ctx) => {
    ctx.beginPath();
    ctx.arc(10, 10, 5, 0, 2 * Math.PI);
    ctx.stroke();
  });
  const d = svg.match(/d="([^"]*)"/)?.[1] ?? "";
  assert.equal(d.match(/C/g)?.length, 4);
  assert.ok(d.startsWith("M15 10"));
  for (const end of ["10 15", "5 10", "10 5", "15 10"]) assert.ok(d.includes(end), end);
});

test("between its ends a circle's curves keep their distance from the center", () => {
  const svg = drawn((ctx) => {
    ctx.beginPath();
    ctx.arc(10, 10, 5, 0, 2 * Math.PI);
    ctx.stroke();
  });
  const numbers = svg
    .match(/d="([^"]*)"/)[1]
    .match(/-?[\d.]+/g)
    .map(Number);
  const points = Array.from({ length: numbers.length / 2 }, (_, i) =>
    numbers.slice(2 * i, 2 * i + 2),
  );
  for (let at = 0; at + 3 < points.length; at += 3) {
    const [a, b, c, d] = points.slice(at, at + 4);
    for (const t of [0.25, 0.5, 0.75]) {
      const weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
      const [x, y] = [0, 1].map((i) =>
        [a, b, c, d].reduce((sum, p, j) => sum + weights[j] * p[i], 0),
      );
      assert.ok(Math.abs(Math.hypot(x - 10, y - 10) - 5) < 0.01);
    }
  }
});

test("a path of its own is placed by a matrix, and one that was added is moved", () => {
  const placed = drawn((ctx) => {
    ctx.translate(3, 4);
    ctx.fill(new SvgPath("M0 0L1 1"));
  });
  assert.equal(placed, '<path d="M0 0L1 1" transform="matrix(1 0 0 1 3 4)" fill="#000000"/>');
  const path = new SvgPath();
  const other = new SvgPath();
  other.moveTo(1, 1);
  other.lineTo(2, 1);
  path.addPath(other, new Matrix([2, 0, 0, -2, 10, 20]));
  assert.equal(path.d, "M12 18L14 18");
});

test("text stays text, with its font, its place and its marks escaped", () => {
  const svg = drawn((ctx) => {
    ctx.font = 'italic 600 15px "Iowan Old Style", serif';
    ctx.textAlign = "right";
    ctx.fillText("∇J < 0 & x", 12, 30);
  });
  assert.equal(
    svg,
    '<text x="12" y="30" text-anchor="end" font-size="15" ' +
      'font-family="\'Iowan Old Style\', serif" font-style="italic" font-weight="600" ' +
      'fill="#000000">∇J &#60; 0 &#38; x</text>',
  );
});

test("a halo is a stroke of the text", () => {
  const svg = drawn((ctx) => {
    ctx.strokeStyle = "#fdfcf9";
    ctx.lineWidth = 4;
    ctx.strokeText("θ", 1, 2);
  });
  assert.match(svg, /fill="none" stroke="#fdfcf9" stroke-width="4" stroke-linejoin="round">θ</);
});

test("rectangles and pictures have their size on the drawing", () => {
  const svg = drawn((ctx) => {
    ctx.scale(2, 2);
    ctx.fillStyle = "#ffffff";
    ctx.fillRect(1, 1, 10, 5);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage({ toDataURL: () => "data:image/png;base64,AA" }, 0, 0, 8, 8);
  });
  assert.equal(
    svg,
    '<rect x="2" y="2" width="20" height="10" fill="#ffffff"/>\n' +
      '<image x="0" y="0" width="16" height="16" preserveAspectRatio="none" ' +
      'style="image-rendering:pixelated" xlink:href="data:image/png;base64,AA"/>',
  );
});

test("save and restore keep look, dashes and matrix", () => {
  const ctx = new SvgContext();
  ctx.save();
  ctx.strokeStyle = "#123456";
  ctx.setLineDash([1]);
  ctx.translate(5, 5);
  ctx.restore();
  assert.deepEqual([ctx.strokeStyle, ctx.dash, ctx.at(0, 0)], ["#000", [], [0, 0]]);
  ctx.restore(); // one too many is none
});

test("a drawing in a drawing is cut off at its box, and a link leads on", () => {
  const svg = drawn((ctx) => {
    const inner = new SvgContext();
    inner.fillRect(0, 0, 1, 1);
    ctx.inset(inner, 10, 20, 30, 40);
    ctx.link("https://example.org/?a=1&b=2", () => ctx.fillText("link", 0, 0));
  });
  const [open, rect, close, link, text, end] = svg.split("\n");
  assert.equal(open, '<svg x="10" y="20" width="30" height="40" viewBox="0 0 30 40">');
  assert.ok(rect.startsWith("<rect"));
  assert.equal(close, "</svg>");
  assert.equal(link, '<a xlink:href="https://example.org/?a=1&#38;b=2">');
  assert.ok(text.startsWith("<text"));
  assert.equal(end, "</a>");
});

test("the document says its size in print, its title and its description", () => {
  const ctx = new SvgContext();
  const sheet = { width: 1063, height: 500, wide: 180, title: "A & B", desc: "two planes" };
  const [head, title, desc, ...rest] = ctx.document(sheet).split("\n");
  assert.match(head, /width="180mm" height="84.67mm" viewBox="0 0 1063 500" role="img"/);
  assert.equal(title, "<title>A &#38; B</title>");
  assert.equal(desc, "<desc>two planes</desc>");
  assert.deepEqual(rest, ["</svg>", ""]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { keyPaths } from "../src/canvas/markers.js";
import { legendOf } from "../src/controls/legend.js";

const lesson = /** @type {any} */ ({
  styles: { natural: { label: "natural", symbol: "diamond" }, area: {}, ball: {}, step: {} },
});

/** The keys of some traces. @param {Record<string, unknown>[]} traces */
const keys = (...traces) => legendOf(lesson, /** @type {any} */ ({ traces })).keys;

test("a key shows a line as a line, an area as an area, an arrow as an arrow", () => {
  const drawn = keys(
    { kind: "curve", style: "area", name: "density" },
    { kind: "area", style: "area", name: "density" },
    { kind: "ellipse-at", style: "ball", name: "equal KL" },
    { kind: "arrows", style: "step", name: "the step" },
    { kind: "points", style: "natural", name: "draws", symbol: "cross" },
  );
  assert.deepEqual(
    drawn.map(({ text, look }) => [text, look.signs]),
    [
      ["density", ["area", "line"]],
      ["equal KL", ["ellipse"]],
      ["the step", ["arrow"]],
      ["draws", ["symbol"]],
    ],
  );
  assert.equal(drawn[3].look.symbol, "cross");
});

test("what has a style's color but another name is not in its key", () => {
  const [key] = keys(
    { kind: "arrows", style: "ball", name: "a step" },
    { kind: "curve", style: "ball", name: "the level", dash: "dashed" },
  );
  assert.deepEqual([key.text, key.look.signs, key.look.dashed], ["the level", ["line"], true]);
});

test("a run is a line with its symbol; only dashed, it ends in an open one", () => {
  const solid = { kind: "path", style: "natural", name: "in θ" };
  const dashed = { ...solid, dash: "dashed", name: "in x" };
  const [both] = keys(solid, dashed, { kind: "arrows", style: "natural", name: "step" });
  assert.equal(both.text, "natural");
  assert.deepEqual([both.look.signs, both.look.open], [["line", "symbol"], false]);
  const [alone] = keys(dashed);
  assert.ok(alone.look.open && alone.look.dashed);
  const [line, symbol] = keyPaths(alone.look);
  assert.ok(line.line && line.dashed && symbol.open && !symbol.dashed);
});

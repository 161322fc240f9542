import assert from "node:assert/strict";
import { test } from "node:test";
import { cellText, scalesOf } from "../src/canvas/color_scale.js";
import { legendOf } from "../src/controls/legend.js";

/** @type {import("../src/canvas/color_scale.js").ColorScale} */
const STEPS = {
  label: "steps",
  axis: [1, 100, true],
  ticks: [[0, "1"]],
  upto: 0.8,
  notes: { over: "not yet", none: "diverges" },
};

test("a cell says the number of its color, what is beyond the scale, and where there is none", () => {
  const counts = [1, 2, 7, 42, 100];
  const cells = new Float32Array(
    counts.map((n) => (0.8 * Math.log(n)) / Math.log(100)).concat([1, NaN]),
  );
  const said = Array.from(cells, (_, i) => cellText(STEPS, cells, i));
  assert.deepEqual(said, [...counts.map(String), "not yet", "diverges"]);
});

test("a cell that is a byte has two digits, and the first one may stand for less", () => {
  /** @type {import("../src/canvas/color_scale.js").ColorScale} */
  const sizes = { label: "size", axis: [1e-5, 1, true], ticks: [], notes: { under: "less" } };
  const said = [0, 51, 255].map((byte) => cellText(sizes, Uint8Array.of(byte), 0));
  assert.deepEqual(said, ["less", "1×10⁻⁴", "1"]);
  const chance = { label: "p", axis: /** @type {any} */ ([0, 1, false]), ticks: [] };
  assert.equal(cellText(chance, Uint8Array.of(0), 0), "0");
});

test("a mirrored scale says which side a cell is on", () => {
  const { notes, ...scale } = { ...STEPS, upto: 1, sides: ["(−1, 0)", "(1, 0)"] };
  const half = (0.4995 * Math.log(10)) / Math.log(100);
  const cells = Float32Array.of(0, half, 1 - half, 1, NaN);
  assert.deepEqual(
    Array.from(cells, (_, i) => cellText({ ...scale, notes }, cells, i)),
    ["1 → (−1, 0)", "10 → (−1, 0)", "10 → (1, 0)", "1 → (1, 0)", "diverges"],
  );
});

test("maps with one scale have it once, and are not a symbol of the legend", () => {
  const heat = { kind: "heat", plane: "a", style: "map", name: "steps", cells: "c", colors: STEPS };
  const other = { ...heat, colors: { ...STEPS, label: "loss" } };
  const traces = /** @type {Trace[]} */ ([heat, { ...heat, plane: "b" }, other]);
  assert.deepEqual(
    scalesOf(traces).map(({ colors }) => colors.label),
    ["steps", "loss"],
  );
  const lesson = /** @type {any} */ ({ styles: { map: {} } });
  const { keys, scales } = legendOf(lesson, { traces });
  assert.deepEqual([keys, scales.length], [[], 2]);
});

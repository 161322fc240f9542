import assert from "node:assert/strict";
import { test } from "node:test";
import { runsOf } from "../src/controls/pin.js";
import { compared, pinnedOf } from "../src/controls/pinned_run.js";
import { placeOf, rescaled, valueAt } from "../src/lib/axis_scale.js";

const LESSON = { meter: "Gap", styles: { natural: { label: "natural" }, adam: { label: "Adam" } } };
const STEPS = [0, 100, false];
const LOSS = [1e-3, 10, true];

/** @param {number[]} ends the second numbers of each trace's arrays */
const arrays = (named) => (name) => named[name] && Float32Array.from(named[name]);

test("of runs on a graph the numbers are compared, and no distance on the screen", () => {
  const answer = {
    planes: [{ name: "loss", scales: [STEPS, LOSS] }],
    traces: [
      {
        plane: "loss",
        kind: "path",
        style: "natural",
        name: "natural",
        points: "p",
        read: [
          ["loss", "loss.n"],
          ["seconds", "s.n"],
        ],
      },
    ],
  };
  const before = pinnedOf(
    answer,
    arrays({ p: [0, 1, 0.5, 0.2], "loss.n": [2, 0.5], "s.n": [0, 3] }),
  );
  const now = arrays({ p: [0, 1, 1, 0.1], "loss.n": [2, 0.25], "s.n": [0, 4] });
  assert.deepEqual(compared(before, answer, now, LESSON), {
    head: ["run", "loss, pinned → now", "seconds, pinned → now"],
    rows: [{ style: "natural", cells: ["natural", "0.5 → 0.25", "3 → 4"] }],
  });
});

test("a race has curves and no steps to play: each rule's first start is a run", () => {
  const curve = {
    plane: "loss",
    kind: "curve",
    style: "adam",
    name: "Adam",
    read: [["step", "k"]],
  };
  const traces = [
    { ...curve, points: "p" },
    { ...curve, points: "q", faint: true },
    { ...curve, points: "r", name: "Adam, width 8 (kept)", dash: "dashed" },
    { plane: "loss", kind: "curve", style: "goal", name: "", points: "g" },
  ];
  assert.deepEqual(
    [...runsOf(traces).values()].map(({ points }) => points),
    ["p", "r"],
  );
  const answer = { planes: [{ name: "loss", scales: [STEPS, LOSS] }], traces };
  const array = arrays({ p: [0, 1, 0.5, 0], r: [0, 1, 1, 0], k: [0, 12] });
  const { rows } = compared(pinnedOf(answer, array), answer, array, LESSON);
  assert.deepEqual(
    rows.map(({ cells }) => cells),
    [
      ["Adam", "12 → 12"],
      ["Adam, width 8 (kept)", "12 → 12"],
    ],
  );
});

test("on a plane the ends have a distance, and the meter a row", () => {
  const answer = {
    planes: [{ name: "theta" }],
    traces: [
      {
        plane: "theta",
        kind: "path",
        style: "natural",
        name: "run in θ",
        rule: "natural",
        points: "p",
        values: { loss: "l" },
      },
    ],
    meter: [{ rule: "natural", style: "natural", gap: 1e-15 }],
  };
  const before = pinnedOf(answer, arrays({ p: [0, 0, 3, 0], l: [9, 1] }));
  const now = arrays({ p: [0, 0, 0, 4], l: [9, 2] });
  const { head, rows } = compared(before, { ...answer, meter: [] }, now, LESSON);
  assert.deepEqual(head, ["run", "loss, pinned → now", "ends apart"]);
  assert.deepEqual(rows[0].cells, ["natural, run in θ", "1 → 2", "5"]);
  const meter = compared(before, answer, now, LESSON).rows.at(-1).cells;
  assert.equal(meter[0], "natural, gap");
  assert.equal(meter.length, head.length);
});

test("a run that diverged is compared where it was last", () => {
  const answer = {
    planes: [],
    traces: [
      {
        plane: "x",
        kind: "path",
        style: "adam",
        name: "run in x",
        points: "p",
        values: { loss: "l" },
      },
    ],
  };
  const array = arrays({ p: [0, 0, 1, 1, NaN, NaN], l: [3, 2, NaN] });
  assert.equal(compared(pinnedOf(answer, array), answer, array, LESSON).rows[0].cells[1], "2 → 2");
});

test("what is pinned on a graph stays at its numbers when the axes reach farther", () => {
  const [from, to] = [
    [STEPS, LOSS],
    [
      [0, 200, false],
      [1e-6, 10, true],
    ],
  ];
  const points = Float32Array.from([placeOf(50, STEPS), placeOf(0.02, LOSS), NaN, NaN]);
  const moved = rescaled(points, from, to);
  assert.ok(Math.abs(valueAt(moved[0], to[0]) - 50) < 1e-4);
  assert.ok(Math.abs(valueAt(moved[1], to[1]) / 0.02 - 1) < 1e-5);
  assert.ok(Number.isNaN(moved[2]));
  assert.equal(rescaled(points, from, from), points);
  assert.equal(rescaled(points, undefined, undefined), points);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { marks, niceStep, niceTicks, stepOn } from "../src/canvas/ticks.js";

test("a step is 1, 2 or 5 times a power of ten, and gives about as many marks as wanted", () => {
  for (let exponent = -6; exponent <= 6; exponent++) {
    for (const span of [1, 1.7, 2.9, 4.4, 7.3, 9.99]) {
      const step = niceStep(span * 10 ** exponent);
      const lead = Number(step.toExponential(6).split("e")[0]);
      assert.ok([1, 2, 5].includes(lead), String(step));
      const count = (span * 10 ** exponent) / step;
      assert.ok(count >= 3 && count <= 10, `${span}e${exponent}: ${count}`);
    }
  }
});

test("a small plane has fewer marks: its labels of four letters do not touch each other", () => {
  for (const span of [1, 1.7, 2.9, 4.4, 7.3]) {
    for (const side of [90, 120, 160]) {
      const apart = (side * stepOn(span, side)) / span;
      assert.ok(apart >= 24 && stepOn(span, side) < span, `${span} on ${side}: ${apart}`);
    }
    const apart = (155 * stepOn(span, 155, 26)) / span; // before an audience the type is large
    assert.ok(apart >= 2.3 * 0.78 * 26 * 0.75, `${span}: ${apart}`);
    assert.equal(stepOn(span, 340), niceStep(span));
  }
});

test("marks are multiples of the step within the window, both ends included", () => {
  assert.deepEqual(
    niceTicks(-0.2, 0.4, 0.2).map((v) => Number(v.toFixed(9))),
    [-0.2, 0, 0.2, 0.4],
  );
  assert.deepEqual(niceTicks(0.1, 0.9, 0.5), [0.5]);
});

/** @param {number} low @param {number} high */
const labels = (low, high) => marks(low, high, niceStep(high - low)).map(([, text]) => text);

test("labels are plain decimals of the step's places", () => {
  assert.deepEqual(labels(-1, 1), ["−1.0", "−0.5", "0", "0.5", "1.0"]);
  assert.deepEqual(labels(0, 1), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
});

test("no two marks of an axis have the same label", () => {
  const windows = [
    [0.5, 0.500006],
    [1e6, 1e6 + 3],
    [-1e6 - 3, -1e6],
    [123456.7, 123456.70001],
    [0, 1e-9],
    [-1e-9, 1e-9],
    [1e12, 1.0000001e12],
    [3e-5, 3.0001e-5],
  ];
  for (let exponent = -8; exponent <= 8; exponent++) {
    windows.push([0, 10 ** exponent], [10 ** exponent, 3 * 10 ** exponent]);
  }
  for (const [low, high] of windows) {
    const found = labels(low, high);
    assert.equal(new Set(found).size, found.length, `${low} … ${high}: ${found}`);
    assert.ok(found.length >= 3, `${low} … ${high}`);
  }
});

test("a label says the number of its mark, to a hundredth of the step", () => {
  for (const [low, high] of [
    [0.5, 0.500006],
    [1e6, 1e6 + 3],
    [-2, 5],
    [0, 3e-7],
    [2e7, 8e7],
  ]) {
    const step = niceStep(high - low);
    for (const [value, text] of marks(low, high, step)) {
      const [digits, exponent = ""] = text.replace("−", "-").split("×10");
      const power = [...exponent]
        .map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c))
        .map((i) => (i ? i - 1 : "-"));
      const said = Number(digits) * 10 ** Number(power.join(""));
      assert.ok(Math.abs(said - value) < step / 100, `${text} for ${value}`);
    }
  }
});

test("given marks are kept as they are", () => {
  assert.deepEqual(marks(0, 1, 0.2, [[0.5, "half"]]), [[0.5, "half"]]);
});

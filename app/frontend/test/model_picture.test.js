import assert from "node:assert/strict";
import { test } from "node:test";
import { inBrowser } from "./fakes.js";

inBrowser();
const { drawModel, unseen, valuesOf } = await import("../src/canvas/model_picture.js");

/** @param {Record<string, number[]>} arrays */
const holder = (arrays) => (/** @type {string | undefined} */ name) =>
  name === undefined ? undefined : arrays[name] && Float32Array.from(arrays[name]);

const DENSITY = {
  plane: "model",
  kind: /** @type {const} */ ("fit"),
  style: "natural",
  name: "natural",
  x: "x",
  features: "features",
  offset: "offset",
  coefficients: "rows",
  response: /** @type {const} */ ("exp"),
};

test("a step's values are g⁻¹ of its offset and its features times the step's coefficients", () => {
  const array = holder({
    x: [0, 1, 2],
    features: [1, 0, 0, 1, 1, 1],
    offset: [0.5, 0, -1],
    rows: [0.1, 0.2, 0.3, 0.4],
  });
  for (const [k, [a, b]] of /** @type {const} */ ([
    [0, [0.1, 0.2]],
    [1, [0.3, 0.4]],
    [9, [0.3, 0.4]], // the last one stays
  ])) {
    const found = valuesOf(DENSITY, array, k);
    [0.5 + a, b, a + b - 1].forEach((sum, i) =>
      assert.ok(Math.abs(found[i] - Math.exp(sum)) < 1e-6, `${k} ${i}`),
    );
  }
});

test("without features each place has a coefficient, and the response is the trace's", () => {
  const array = holder({ x: [0, 1], rows: [0, 2, -2, 0] });
  const trace = { ...DENSITY, features: undefined, response: /** @type {const} */ ("logistic") };
  assert.deepEqual(
    valuesOf(trace, array, 1).map((v) => v.toFixed(4)),
    ["0.1192", "0.5000"],
  );
});

test("why a curve is not seen: the run has ended, or it lies elsewhere, or is too narrow", () => {
  const density = { ...DENSITY, mass: 0.5 };
  assert.equal(unseen(density, [NaN, NaN], [NaN, NaN]), "model-ended");
  assert.equal(unseen(density, [1, 1], [0.5, 0.5]), "");
  assert.equal(unseen(density, [0.01, 0.02], [0, 0]), "model-outside");
  assert.equal(unseen(density, [0, 900], [0, 400]), "model-outside");
  assert.equal(unseen(DENSITY, [5, 6], [1.5, 2]), "model-outside");
  assert.equal(unseen(DENSITY, [5, 0.2], [1.5, 0.2]), "");
});

test("two states are circles by their shares and arrows by their probabilities", () => {
  const array = holder({ chances: [0.9, 0.1, NaN, NaN], shares: [0.1, 0.9, NaN, NaN] });
  /** @type {(k: number, box?: number[]) => { arcs: number[][], bows: number[], words: string[] }} */
  const drawn = (k, box = [0, 3.4, 0, 1]) => {
    /** @type {{ arcs: number[][], bows: number[], words: string[] }} */
    const seen = { arcs: [], bows: [], words: [] };
    let line = 0;
    const ctx = {
      lineWidth: 0,
      beginPath: () => void (line = 0),
      moveTo() {},
      lineTo: () => void (line += 1),
      closePath() {},
      fill() {},
      stroke() {
        if (line > 10) seen.bows.push(ctx.lineWidth);
      },
      arc: (/** @type {number[]} */ ...at) => void seen.arcs.push(at.slice(0, 3)),
    };
    const palette = { color: () => "#000", style: () => ({ label: "natural" }) };
    const place = {
      scale: 100,
      x: (/** @type {number} */ x) => 100 * x,
      y: (/** @type {number} */ y) => -y,
    };
    const trace = { kind: "chain", style: "natural", name: "natural", box };
    const look = {
      view: [0, 3.4, 0, 1],
      side: 340,
      size: 0.68,
      weight: 1,
      array,
      palette,
      place,
      k,
    };
    drawModel(
      /** @type {any} */ (ctx),
      /** @type {any} */ ({
        ...look,
        traces: [{ ...trace, chances: "chances", shares: "shares" }],
      }),
      /** @type {any} */ ({
        note: (/** @type {unknown} */ _, /** @type {string} */ text) => seen.words.push(text),
        say: (/** @type {string} */ name) => name,
      }),
    );
    return seen;
  };
  const { arcs, bows, words } = drawn(0);
  assert.equal(arcs.length, 4); // a loop and a circle for each state
  const [first, second] = [arcs[1][2], arcs[3][2]];
  assert.ok(second > 1.5 * first, "the second state has most of the time");
  assert.ok(bows[0] > 5 * bows[1], "and is seldom left");
  assert.deepEqual(words, ["natural", "p 0.90", "d₁ 0.10", "+1", "q 0.10", "d₂ 0.90", "+2"]);
  assert.deepEqual(drawn(1), { arcs: [], bows: [], words: ["model-ended"] });
  const beside = drawn(0, [0, 3.4 / 3, 0, 1]); // one of three
  assert.deepEqual(beside.words, ["p", "q"]);
  for (const [x, , radius] of beside.arcs)
    assert.ok(x - radius >= 0 && x + radius <= 340 / 3, "it stays in its own part");
});

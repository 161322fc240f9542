import assert from "node:assert/strict";
import { test } from "node:test";
import { planesFor } from "../src/page/plane_set.js";

const planes = [
  { name: "left" },
  { name: "middle" },
  { name: "right" },
  { name: "m", model: true },
];
const traces = [
  { plane: "left", style: "p" },
  { plane: "right", style: "p" },
  { plane: "middle", style: "change" },
  { plane: "left", style: "kl" },
  { plane: "right", style: "kl" },
  { plane: "right", style: "tail" },
  { plane: "right", style: "fit" },
  { plane: "m", style: "fit" },
];
const picture = /** @type {any} */ ({ planes, traces });

test("a claim needs the fewest planes that show it, in the order of the picture", () => {
  assert.deepEqual(planesFor(picture, ["p"]), ["left"]);
  assert.deepEqual(planesFor(picture, ["p", "change"]), ["left", "middle"]);
  assert.deepEqual(planesFor(picture, ["kl", "tail", "p"]), ["right"]);
});

test("a claim that names its plane needs this one, and none where the picture has it not", () => {
  assert.deepEqual(planesFor(picture, ["p", "plane.right"]), ["right"]);
  assert.deepEqual(planesFor(picture, ["plane.gone"]), []);
});

test("what the model shows, the meter and formulas need no plane", () => {
  assert.deepEqual(planesFor(picture, ["fit", "meter", "formula.kl"]), []);
  assert.deepEqual(planesFor(picture, []), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { makeLive } from "../src/controls/lesson_text.js";

globalThis.Text ??= class {};

test("a number that an answer does not name is cleared", () => {
  const place = (live) => ({ dataset: { live }, textContent: "…" });
  const [angle, loss] = [place("angle"), place("loss")];
  const root = { querySelectorAll: () => [angle, loss] };
  const live = makeLive(root, () => null);
  live.adopt({ angle: 17.6, loss: 2.5 }, 0);
  assert.deepEqual([angle.textContent, loss.textContent], ["17.6", "2.5"]);
  live.adopt({ loss: 79.8 }, 0);
  assert.deepEqual([angle.textContent, loss.textContent], ["–", "79.8"]);
});

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { isDue, makeFrameBudget } from "../src/lib/frame_budget.js";

/** A page of which each picture holds up all else for so long, in ms. */
function after(durations) {
  let now = 0;
  mock.restoreAll();
  mock.method(performance, "now", () => now);
  const budget = makeFrameBudget();
  const held = mock.method(globalThis, "setTimeout", () => 0);
  for (const duration of durations) {
    budget.drawn();
    now += duration;
    held.mock.calls.at(-1).arguments[0]();
  }
  mock.restoreAll();
  return budget.exceeded();
}

test("a page is slow whose pictures hold it up, and stays so; one of them makes none slow", () => {
  assert.equal(after(Array(50).fill(5)), false);
  assert.equal(after(Array(50).fill(20)), true);
  assert.equal(after([...Array(50).fill(20), ...Array(50).fill(2)]), true);
  assert.equal(after([5, 5, 5000, 5, 5]), false, "the computer slept");
});

test("at rest every plane is drawn, and while a reader drags those that are seen", () => {
  const all = { light: false, seen: true, model: false, beside: false };
  assert.ok(isDue(1, { ...all, rest: true, seen: false, model: true, light: true }));
  assert.ok(isDue(1, { ...all, rest: false, model: true, beside: true }));
  assert.ok(!isDue(6, { ...all, rest: false, seen: false }));
});

test("on a slow page planes are drawn the less often the less they are looked at", () => {
  const slow = { rest: false, light: true, seen: true, model: false, beside: false };
  const drawn = (how) => [1, 2, 3, 4, 5, 6].filter((turn) => isDue(turn, { ...slow, ...how }));
  assert.deepEqual(drawn({}), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(drawn({ beside: true }), [2, 4, 6]);
  assert.deepEqual(drawn({ model: true, beside: true }), [3, 6]);
});

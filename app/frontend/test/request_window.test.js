import assert from "node:assert/strict";
import { test } from "node:test";
import { makeWindow } from "../src/connection/request_window.js";

/** Let so many answers come, each after `whole` ms of which the kernel worked `took`. */
function hear(made, count, whole, took = 5) {
  for (let i = 0; i < count; i++) made.heard(whole, took);
}

/** How many answers without a queue come until the window is larger. */
function answersUntilLarger(made, whole) {
  const before = made.size();
  let count = 0;
  for (; made.size() === before && count < 1000; count++) made.heard(whole, 5);
  return count;
}

test("on a long line there is one more ask after two good answers for each on its way", () => {
  const made = makeWindow();
  assert.equal(made.size(), 1);
  assert.deepEqual([0, 0, 0].map(() => answersUntilLarger(made, 205)), [2, 4, 6]);
  hear(made, 100, 205);
  assert.equal(made.size(), 4, "as many as the server lets in");
});

test("an answer that waited makes the window smaller, and it grows more slowly from then on", () => {
  const made = makeWindow();
  hear(made, 50, 205);
  for (const needed of [4, 8, 16, 32, 64, 64]) {
    hear(made, 1, 400);
    assert.equal(made.size(), 3);
    assert.equal(answersUntilLarger(made, 205), 3 * needed);
  }
  hear(made, 10, 400);
  assert.equal(made.size(), 1, "never less than one");
});

test("an answer that is a little late has not waited", () => {
  const made = makeWindow();
  hear(made, 50, 105);
  hear(made, 1, 5 + 1.5 * 100 + 15);
  assert.equal(made.size(), 4);
});

test("a line that has become short has one ask on its way", () => {
  const made = makeWindow();
  hear(made, 50, 205);
  hear(made, 1, 30);
  assert.equal(made.size(), 1);
});

test("asks are spread over the time of one, no faster than the kernel answers or a screen shows", () => {
  const alone = makeWindow();
  hear(alone, 1, 305, 300);
  assert.equal(alone.gap(), 12, "as soon as a screen shows another picture");
  const made = makeWindow();
  hear(made, 50, 205);
  assert.equal(made.gap(), 205 / 4);
  hear(made, 1, 400, 200);
  assert.equal(made.gap(), 1.1 * 200);
  hear(made, 1, 305, 5);
  assert.equal(made.gap(), (203 + 5) / 4, "a longer line is believed slowly: mostly it is a queue");
});

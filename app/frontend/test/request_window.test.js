import assert from "node:assert/strict";
import { test } from "node:test";
import { makeWindow } from "../src/connection/request_window.js";

/** Let so many answers come, each after `whole` ms of which the kernel worked `took`. */
function hear(window, count, whole, took = 5) {
  for (let i = 0; i < count; i++) window.heard(whole, took);
}

/** How many answers without a queue come until the window is larger. */
function answersUntilLarger(window, whole) {
  const before = window.size();
  let count = 0;
  for (; window.size() === before && count < 1000; count++) window.heard(whole, 5);
  return count;
}

test("on a long line there is one more ask after two good answers for each on its way", () => {
  const window = makeWindow();
  assert.equal(window.size(), 1);
  assert.deepEqual(
    [0, 0, 0].map(() => answersUntilLarger(window, 205)),
    [2, 4, 6],
  );
  hear(window, 100, 205);
  assert.equal(window.size(), 4, "as many as the server lets in");
});

test("an answer that waited makes the window smaller, and it grows more slowly from then on", () => {
  const window = makeWindow();
  hear(window, 50, 205);
  for (const needed of [4, 8, 16, 32, 64, 64]) {
    hear(window, 1, 400);
    assert.equal(window.size(), 3);
    assert.equal(answersUntilLarger(window, 205), 3 * needed);
  }
  hear(window, 10, 400);
  assert.equal(window.size(), 1, "never less than one");
});

test("an answer that is a little late has not waited", () => {
  const window = makeWindow();
  hear(window, 50, 105);
  hear(window, 1, 5 + 1.5 * 100 + 15);
  assert.equal(window.size(), 4);
});

test("a line that has become short has one ask on its way", () => {
  const window = makeWindow();
  hear(window, 50, 205);
  hear(window, 1, 15);
  assert.equal(window.size(), 1);
});

test("asks are spread over the time of one, no faster than the kernel answers or a screen shows", () => {
  const alone = makeWindow();
  hear(alone, 1, 305, 300);
  assert.equal(alone.gap(0), 12, "as soon as a screen shows another picture");
  const window = makeWindow();
  hear(window, 50, 205);
  assert.equal(window.gap(0), 12, "behind no other one at once");
  assert.equal(window.gap(3), 205 / 4);
  hear(window, 1, 400, 200);
  assert.equal(window.gap(2), 1.1 * 200);
  hear(window, 1, 305, 5);
  assert.equal(
    window.gap(2),
    (203 + 5) / 4,
    "a longer line is believed slowly: mostly it is a queue",
  );
});

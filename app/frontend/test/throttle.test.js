import assert from "node:assert/strict";
import { test } from "node:test";
import { makeThrottle } from "../src/lib/throttle.js";

/** @param {import("node:test").TestContext} t */
function throttled(t, slow = false) {
  let clock = 10_000;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => clock);
  const writes = [];
  const throttle = makeThrottle(
    () => writes.push(clock),
    () => slow,
  );
  const pass = (ms) => {
    clock += ms;
    t.mock.timers.tick(ms);
  };
  return { throttle, writes, pass };
}

test("the first picture and one that rests are written at once", (t) => {
  const { throttle, writes, pass } = throttled(t);
  throttle.owe(false);
  assert.equal(writes.length, 1);
  pass(10);
  throttle.owe(true);
  assert.equal(writes.length, 2);
});

test("while pictures follow one another at most five are written a second", (t) => {
  const { throttle, writes, pass } = throttled(t);
  for (let i = 0; i < 120; i++) {
    throttle.owe(false);
    pass(1000 / 60);
  }
  assert.ok(writes.length >= 8 && writes.length <= 11, String(writes.length));
});

test("on a slow page they are written at most twice a second, and the last after a second", (t) => {
  const { throttle, writes, pass } = throttled(t, true);
  for (let i = 0; i < 60; i++) {
    throttle.owe(false);
    pass(1000 / 30);
  }
  assert.ok(writes.length >= 3 && writes.length <= 4, String(writes.length));
  const before = writes.length;
  throttle.owe(false);
  pass(1000);
  assert.equal(writes.length, before + 1);
  throttle.owe(true);
  assert.equal(writes.length, before + 2, "at rest at once");
});

test("the last of them is written in any case, after 400 ms at most", (t) => {
  const { throttle, writes, pass } = throttled(t);
  throttle.owe(false);
  pass(16);
  throttle.owe(false);
  assert.ok(throttle.owing());
  pass(384);
  assert.equal(writes.length, 2);
  assert.equal(throttle.owing(), false);
});

test("nothing is written once it is stopped", (t) => {
  const { throttle, writes, pass } = throttled(t);
  throttle.owe(false);
  pass(16);
  throttle.owe(false);
  throttle.stop();
  pass(1000);
  assert.equal(writes.length, 1);
});

test("of slow pictures every third is written", (t) => {
  const { throttle, writes, pass } = throttled(t);
  for (let i = 0; i < 13; i++) {
    throttle.owe(false);
    pass(110);
  }
  const gaps = writes.slice(1).map((at, i) => at - writes[i]);
  assert.deepEqual(gaps, [330, 330, 330, 330]);
});

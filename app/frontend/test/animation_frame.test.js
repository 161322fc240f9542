import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { makeFrame } from "../src/canvas/animation_frame.js";

let now = 0;
/** @type {Map<number, (time: number) => void>} */
const asked = new Map();
beforeEach(() => {
  mock.restoreAll();
  mock.method(performance, "now", () => now);
  now = 0;
  asked.clear();
  let last = 0;
  Object.assign(globalThis, {
    document: { hidden: false },
    requestAnimationFrame: (draw) => (asked.set(++last, draw), last),
    cancelAnimationFrame: (id) => asked.delete(id),
  });
});

/** Frames that were drawn, by when. */
function frames() {
  const drawn = [];
  return { drawn, frame: makeFrame((time) => drawn.push(time)) };
}

test("an answer is drawn as it comes, and the next frame has nothing to draw", () => {
  const { drawn, frame } = frames();
  frame.request();
  frame.soon();
  assert.deepEqual(drawn, [0]);
  assert.equal(frame.waiting(), false);
  assert.equal(asked.size, 0);
});

test("of two answers within a frame the second waits for the next one", () => {
  const { drawn, frame } = frames();
  frame.soon();
  now = 5;
  frame.soon();
  frame.soon();
  assert.deepEqual(drawn, [0]);
  assert.equal(asked.size, 1);
  now = 17;
  [...asked.values()][0](17);
  assert.deepEqual(drawn, [0, 17]);
  now = 40;
  frame.soon();
  assert.deepEqual(drawn, [0, 17, 40]);
});

test("on a page that nobody sees nothing is drawn at once", () => {
  const { drawn, frame } = frames();
  Object.assign(globalThis, { document: { hidden: true } });
  frame.soon();
  assert.deepEqual(drawn, []);
  assert.ok(frame.waiting());
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { idOf, textOf } from "../src/lib/identity.js";
import { makePageState } from "../src/page/page_state.js";

const bytes = (...numbers) => new Float32Array(numbers).buffer;
const answer = (more) => ({ traces: [], buffers: {}, ...more });

test("what an answer leaves out is the array of the answer that it names", () => {
  const state = makePageState();
  const buffers = { a: ["f4", [1], 0], b: ["f4", [1], 4] };
  state.take(answer({ mark: "one", buffers }), bytes(1, 2));
  const kept = state.array("b");
  const held = { mark: "one", names: ["b"] };
  state.take(answer({ mark: "two", buffers: { a: ["f4", [1], 0] }, held }), bytes(3));
  assert.deepEqual([...state.array("a"), ...state.array("b")], [3, 2]);
  assert.equal(state.array("b"), kept, "the very same: it need not be drawn again");
  // An answer to an ask from before the second one, as on a long line; and one that names the third.
  state.take(
    answer({ mark: "three", buffers: { b: ["f4", [1], 0] }, held: { mark: "one", names: ["a"] } }),
    bytes(5),
  );
  assert.deepEqual([...state.array("a"), ...state.array("b")], [1, 5]);
  state.take(answer({ mark: "four", held: { mark: "three", names: ["a", "b"] } }));
  assert.deepEqual([...state.array("a"), ...state.array("b")], [1, 5]);
});

test("an answer that no one asked for, without a mark, has what it brings and no more", () => {
  const state = makePageState();
  state.take(answer({ mark: "one", buffers: { a: ["f4", [1], 0] } }), bytes(1));
  state.take(answer({}));
  assert.equal(state.array("a"), undefined);
});

test("two texts of traces are equal only if they draw the same arrays in the same way", () => {
  const numbers = { p: new Float32Array([1, 2]), q: new Float32Array([1, 2]) };
  const array = (name) => numbers[name];
  const trace = { plane: "x", kind: "path", style: "natural", points: "p" };
  const text = textOf([trace], array);
  assert.equal(textOf([{ ...trace }], array), text);
  assert.notEqual(textOf([{ ...trace, points: "q" }], array), text, "other numbers, be they equal");
  assert.notEqual(textOf([{ ...trace, dash: "dashed" }], array), text);
  assert.notEqual(textOf([trace, trace], array), text);
  assert.equal(idOf(numbers.p), idOf(numbers.p));
  assert.notEqual(idOf(numbers.p), idOf(numbers.q));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { makeArrays } from "../src/connection/binary_arrays.js";

const bytes = new ArrayBuffer(32);
new Float32Array(bytes, 0, 2).set([1.5, -2]);
new Uint32Array(bytes, 8, 1).set([7]);
new Uint8Array(bytes, 16, 3).set([1, 2, 255]);
const buffers = {
  f: ["f4", [1, 2], 0],
  u: ["u4", [1], 8],
  b: ["u1", [3], 16],
  none: ["f4", [0], 24],
};

test("arrays look into the buffer by their kind and shape", () => {
  const array = makeArrays(buffers, bytes);
  assert.deepEqual(array("f"), new Float32Array([1.5, -2]));
  assert.deepEqual(array("u"), new Uint32Array([7]));
  assert.deepEqual(array("b"), new Uint8Array([1, 2, 255]));
  assert.equal(array("none").length, 0);
  assert.equal(array("f").buffer, bytes, "nothing is copied");
  assert.equal(array("f"), array("f"));
});

test("what an answer does not have is undefined", () => {
  const array = makeArrays(buffers, bytes);
  assert.equal(array("missing"), undefined);
  assert.equal(array(undefined), undefined);
  assert.equal(makeArrays(buffers, null)("f"), undefined);
});

test("a view into a longer message is read where it begins, aligned or not", () => {
  for (const offset of [8, 3]) {
    const message = new Uint8Array(64);
    message.set(new Uint8Array(bytes), offset);
    const array = makeArrays(buffers, new DataView(message.buffer, offset, 32));
    assert.deepEqual(array("f"), new Float32Array([1.5, -2]));
    assert.deepEqual(array("u"), new Uint32Array([7]));
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "../src/lib/base64.js";

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => (37 * i) % 256);
const TEXT = Buffer.from(BYTES).toString("base64");
const own = Uint8Array.fromBase64;

test("a text in base64 is its bytes, with the browser's own reading and without it", (t) => {
  t.after(() => (own ? (Uint8Array.fromBase64 = own) : delete Uint8Array.fromBase64));
  Uint8Array.fromBase64 = undefined;
  assert.deepEqual(bytesOf(TEXT), BYTES);
  Uint8Array.fromBase64 = (text) => new Uint8Array(Buffer.from(text, "base64"));
  assert.deepEqual(bytesOf(TEXT), BYTES);
  assert.equal(bytesOf("").length, 0);
});

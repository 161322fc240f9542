import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { unpack } from "../src/classroom/line.js";
import { makeOutlines } from "../src/classroom/outlines.js";
import { CLASSROOM } from "../src/i18n/classroom.js";

test("a class says in every language what it says in English, with the same blanks", () => {
  const blanks = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const texts of Object.values(CLASSROOM)) {
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(CLASSROOM.en).sort());
    for (const [key, text] of Object.entries(texts))
      assert.deepEqual(blanks(text), blanks(CLASSROOM.en[key]), key);
  }
});

test("a message is unpacked as the server packs it: words, then arrays", async () => {
  const words = Buffer.from(JSON.stringify({ lesson: "newton ü" }));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(words.length);
  const gap = Buffer.alloc((8 - ((4 + words.length) % 8)) % 8);
  const arrays = Buffer.from(new Float32Array([1, 2.5]).buffer);
  const packed = gzipSync(Buffer.concat([head, words, gap, arrays]));
  const message = packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.length);
  const [news, data] = await unpack(message);
  assert.deepEqual(news, { lesson: "newton ü" });
  assert.equal(data.getFloat32(4, true), 2.5);
  assert.deepEqual(await unpack('{"beat":1}'), [{ beat: 1 }, undefined]);
});

test("a page that is set up again has the outlines that came with an earlier picture", () => {
  const outlines = makeOutlines();
  const trace = { plane: "p", kind: "bands", style: "loss", name: "loss", points: "g.points" };
  const path = { plane: "p", kind: "path", style: "x", name: "x", points: "1.points" };
  const traces = [{ ...trace, cache: "g" }, path];
  const first = new Float32Array([1, 2, 3, 4]);
  const buffers = { "g.points": ["f4", [1, 2], 0], "1.points": ["f4", [1, 2], 8] };
  outlines.take({ traces, buffers }, new DataView(first.buffer));
  const second = { traces, buffers: { "1.points": ["f4", [1, 2], 0] } };
  const data = new DataView(new Float32Array([5, 6]).buffer);
  outlines.take(second, data);
  const [whole, all] = outlines.whole(second, data);
  const at = (name) => all.getFloat32(whole.buffers[name][2], true);
  assert.equal(at("g.points"), 1);
  assert.equal(at("1.points"), 5);
});

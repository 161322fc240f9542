import assert from "node:assert/strict";
import test from "node:test";

import { sampleLines, sizeOf } from "../src/lib/sample_lines.js";

test("a short text stays as it is", () => {
  assert.equal(sampleLines("a,b\r\n1,2"), "a,b\r\n1,2");
});

test("a long text keeps its header and lines from all of it, and says how many there were", () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => `${i},${i * i}`);
  const short = sampleLines(["x,y", ...rows].join("\r\n"), 5000);
  const [comment, header, ...kept] = short.split("\n");
  assert.ok(short.length <= 5000 && short.length > 4000, String(short.length));
  assert.equal(comment, "# of 10000 rows");
  assert.equal(header, "x,y");
  assert.ok(kept.every((line) => rows.includes(line)));
  const places = kept.map((line) => Number(line.split(",")[0]));
  assert.ok(places[0] < 500 && places.at(-1) > 9000, String(places));
  assert.equal(short, sampleLines(["x,y", ...rows].join("\n"), 5000));
});

test("a text is measured in the bytes that it takes where it is sent", () => {
  const rows = Array.from({ length: 900 }, (_, i) => `${i},鸢尾\t"花"`);
  const short = sampleLines(["数,种", ...rows].join("\n"), 5000);
  const sent = Buffer.byteLength(JSON.stringify(short));
  assert.ok(sent <= 5000 && sent > 4000, String(sent));
  assert.equal(sizeOf(short), sent - 2);
});

test("a long text of one line stays as it is", () => {
  const text = "7 ".repeat(40_000);
  assert.equal(sampleLines(text), text);
});

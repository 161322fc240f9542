import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gifOf } from "../src/export/gif_encoder.js";

const WIDTH = 24;
const HEIGHT = 16;

/** A dot that moves over a ground of a few colors. @param {number} i */
function frame(i) {
  const data = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const dot = Math.hypot(x - 4 - 4 * i, y - 8) < 3;
      const color = dot ? [200, 40, 20] : x % 8 < 4 ? [253, 252, 249] : [40, 90, 160];
      data.set([...color, 255], 4 * (y * WIDTH + x));
    }
  }
  return data;
}

const film = {
  width: WIDTH,
  height: HEIGHT,
  frames: 4,
  frame,
  delay: (i) => (i < 3 ? 78 : 1400), // in a file they are hundredths of a second
  pause: async () => {},
};

/** Read a GIF by the letter of GIF89a: its frames as colors. @param {Uint8Array} bytes */
function decoded(bytes) {
  const word = (at) => bytes[at] | (bytes[at + 1] << 8);
  assert.equal(String.fromCharCode(...bytes.slice(0, 6)), "GIF89a");
  const [width, height] = [word(6), word(8)];
  const count = 2 << (bytes[10] & 7);
  const palette = bytes.slice(13, 13 + 3 * count);
  const screen = new Int32Array(width * height).fill(-1);
  const found = [];
  let at = 13 + 3 * count;
  let [delay, clear] = [0, -1];
  const blocks = (from) => {
    const all = [];
    while (bytes[from]) {
      all.push(...bytes.slice(from + 1, from + 1 + bytes[from]));
      from += bytes[from] + 1;
    }
    return [all, from + 1];
  };
  while (bytes[at] !== 0x3b) {
    if (bytes[at] === 0x21) {
      if (bytes[at + 1] === 0xf9) {
        delay = 10 * word(at + 4);
        clear = bytes[at + 3] & 1 ? bytes[at + 6] : -1;
      }
      at = blocks(at + 2)[1];
      continue;
    }
    const [left, top, wide, tall] = [1, 3, 5, 7].map((i) => word(at + i));
    const [data, next] = blocks(at + 11);
    const pixels = unpacked(data, bytes[at + 10]);
    assert.equal(pixels.length, wide * tall);
    pixels.forEach((value, i) => {
      if (value !== clear) screen[(top + Math.floor(i / wide)) * width + left + (i % wide)] = value;
    });
    found.push({ delay, colors: Array.from(screen, (v) => [...palette.slice(3 * v, 3 * v + 3)]) });
    at = next;
  }
  return { width, height, frames: found };
}

/** @param {number[]} data @param {number} bits */
function unpacked(data, bits) {
  const [clear, end] = [1 << bits, (1 << bits) + 1];
  let [width, bit, last] = [bits + 1, 0, null];
  let table = [];
  const reset = () => {
    table = Array.from({ length: clear + 2 }, (_, i) => (i < clear ? [i] : []));
    width = bits + 1;
    last = null;
  };
  const out = [];
  reset();
  for (;;) {
    let code = 0;
    for (let i = 0; i < width; i++, bit++) code |= ((data[bit >> 3] >> (bit & 7)) & 1) << i;
    if (code === end) return out;
    if (code === clear) {
      reset();
      continue;
    }
    const entry = table[code] ?? [...last, last[0]];
    out.push(...entry);
    if (last) table.push([...last, entry[0]]);
    if (table.length === 1 << width && width < 12) width++;
    last = entry;
  }
}

test("a GIF, read back, has the frames that were drawn, in their own colors", async () => {
  const gif = await gifOf(film);
  assert.equal(gif.type, "image/gif");
  const { width, height, frames } = decoded(new Uint8Array(await gif.arrayBuffer()));
  assert.deepEqual([width, height, frames.length], [WIDTH, HEIGHT, 4]);
  assert.deepEqual(
    frames.map(({ delay }) => delay),
    [80, 80, 80, 1400],
  );
  frames.forEach(({ colors }, i) => {
    const drawn = frame(i);
    colors.forEach((color, p) => {
      assert.deepEqual(color, [...drawn.slice(4 * p, 4 * p + 3)], `frame ${i}, pixel ${p}`);
    });
  });
});

test("a picture with many colors fills the code table and is read back", async () => {
  const noise = (data) => {
    let seed = 1;
    for (let p = 0; p < data.length; p++) {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      data[p] = p % 4 === 3 ? 255 : (seed >>> 16) & 0xc0;
    }
    return data;
  };
  const side = 160;
  const pixels = noise(new Uint8ClampedArray(4 * side * side));
  const one = { ...film, width: side, height: side, frames: 1, frame: () => pixels };
  const gif = await gifOf(one);
  const { frames } = decoded(new Uint8Array(await gif.arrayBuffer()));
  frames[0].colors.forEach((color, p) => {
    assert.deepEqual(color, [...pixels.slice(4 * p, 4 * p + 3)], String(p));
  });
});

test("the bytes of a GIF are those that were looked at", async () => {
  const gif = await gifOf(film);
  const digest = createHash("sha256")
    .update(Buffer.from(await gif.arrayBuffer()))
    .digest("hex");
  assert.equal(digest, "8ad926d36ee651cf6f694e700cf7c9d6bae7a4b65b6d119ad38216bc239bd1f7");
});

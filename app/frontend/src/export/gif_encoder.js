// An animated GIF, built here: the page that has no server makes one too. One palette for all
// frames (median cut of the colors that occur), and of each frame only the pixels that changed.

const COLORS = 255; // one more is left for "as before"
const CLEAR = 255;

/**
 * @param {number} r
 * @param {number} g
 * @param {number} b
 */
const binOf = (r, g, b) => ((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3); // 15 bits of a color

// The colors that occur, in boxes cut at their median until there are enough. They are told apart
// by 15 bits, and a box's color is the mean of what they were, by `sums`: paper stays paper.
/**
 * A color that occurs: its three parts (5 bits), how often, and its 15 bits.
 *
 * @typedef {number[]} Counted
 *
 * @typedef {object} Box
 * @property {Counted[]} box
 * @property {number} axis the part in which its colors differ most
 * @property {number} total
 * @property {number} worth of cutting it
 */

/**
 * @param {Uint32Array} counts
 * @param {Float64Array} sums
 * @returns {number[][]}
 */
function paletteOf(counts, sums) {
  /** @type {Counted[]} */
  const colors = [];
  counts.forEach(
    (count, i) => count && colors.push([(i >> 10) & 31, (i >> 5) & 31, i & 31, count, i]),
  );

  /**
   * @param {Counted[]} box
   * @param {number} c
   */
  const spread = (box, c) => {
    let [low, high] = [31, 0];
    for (const color of box) {
      low = Math.min(low, color[c]);
      high = Math.max(high, color[c]);
    }
    return high - low;
  };
  /**
   * @param {Counted[]} box
   * @returns {Box}
   */
  const weigh = (box) => {
    const spreads = [0, 1, 2].map((c) => spread(box, c));
    const axis = spreads.indexOf(Math.max(...spreads));
    const total = box.reduce((sum, color) => sum + color[3], 0);
    return { box, axis, total, worth: spreads[axis] * Math.sqrt(total) };
  };
  const boxes = [weigh(colors)];
  while (boxes.length < COLORS) {
    const widest = boxes.reduce((a, b) => (b.worth > a.worth ? b : a));
    if (widest.worth === 0) break; // every box is one color
    const { box, axis, total } = widest;
    box.sort((a, b) => a[axis] - b[axis]);
    let [at, sum] = [1, box[0][3]];
    while (at < box.length - 1 && sum + box[at][3] / 2 < total / 2) sum += box[at++][3];
    boxes.splice(boxes.indexOf(widest), 1, weigh(box.slice(0, at)), weigh(box.slice(at)));
  }
  return boxes.map(({ box, total }) =>
    [0, 1, 2].map((c) =>
      Math.round(box.reduce((sum, color) => sum + sums[3 * color[4] + c], 0) / total),
    ),
  );
}

/**
 * @param {number[][]} palette
 * @param {number[]} color
 */
function nearest(palette, [r, g, b]) {
  let [best, found] = [Infinity, 0];
  palette.forEach(([pr, pg, pb], i) => {
    const off = 2 * (pr - r) ** 2 + 4 * (pg - g) ** 2 + 3 * (pb - b) ** 2;
    if (off < best) [best, found] = [off, i];
  });
  return found;
}

// Where a code is kept, or beside it: the table has four times as many places as there are codes.
const SLOTS = 1 << 14;
/** @param {number} key */
const slotOf = (key) => Math.imul(key, 0x9e3779b1) >>> 18;

// Lempel, Ziv and Welch's codes of 8-bit pixels, packed from the low bit up, in blocks of 255.
/**
 * @param {Uint8Array} pixels
 * @param {Bytes} out
 */
function compressed(pixels, out) {
  const START = 256;
  const keys = new Int32Array(SLOTS).fill(-1); // a code and the pixel after it
  const codes = new Uint16Array(SLOTS);
  let [next, width, bits, held] = [START + 2, 9, 0, 0];
  /** @type {number[]} */
  let block = [];
  /** @param {number} value */
  const byte = (value) => {
    block.push(value);
    if (block.length === 255) flush();
  };
  const flush = () => {
    if (block.length) out.push(block.length, ...block);
    block = [];
  };
  /** @param {number} code */
  const put = (code) => {
    held |= code << bits;
    bits += width;
    while (bits >= 8) {
      byte(held & 255);
      held >>>= 8;
      bits -= 8;
    }
  };
  out.push(8);
  put(START);
  let last = pixels[0];
  for (let i = 1; i < pixels.length; i++) {
    const key = (last << 8) | pixels[i];
    let slot = slotOf(key);
    while (keys[slot] >= 0 && keys[slot] !== key) slot = (slot + 1) & (SLOTS - 1);
    if (keys[slot] === key) {
      last = codes[slot];
      continue;
    }
    put(last);
    keys[slot] = key;
    codes[slot] = next;
    if (next++ === 1 << width) width++;
    if (next > 4095) {
      put(START);
      keys.fill(-1);
      [next, width] = [START + 2, 9];
    }
    last = pixels[i];
  }
  put(last);
  put(START + 1);
  if (bits) byte(held & 255);
  flush();
  out.push(0);
}

class Bytes {
  constructor() {
    this.data = new Uint8Array(1 << 16);
    this.length = 0;
  }

  /** @param {number[]} values */
  push(...values) {
    if (this.length + values.length > this.data.length) {
      const larger = new Uint8Array(2 * this.data.length + values.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data.set(values, this.length);
    this.length += values.length;
  }

  /** @param {number} value */
  word(value) {
    this.push(value & 255, value >> 8);
  }
}

// `frames`: how many; `frame(i)` draws one and returns its pixels (RGBA); `delay(i)` in ms. Between
// frames the page gets its turn; `pause` may throw to give up.
/**
 * @param {object} film
 * @param {number} film.width
 * @param {number} film.height
 * @param {number} film.frames
 * @param {(i: number) => Uint8ClampedArray} film.frame
 * @param {(i: number) => number} film.delay
 * @param {(part: number) => Promise<void>} film.pause
 */
export async function gifOf({ width, height, frames, frame, delay, pause }) {
  const counts = new Uint32Array(1 << 15);
  const sums = new Float64Array(3 << 15);
  const looks = Math.min(frames, 6);
  for (let i = 0; i < looks; i++) {
    const data = frame(Math.round((i * (frames - 1)) / Math.max(1, looks - 1)));
    for (let p = 0; p < data.length; p += 4) {
      const bin = binOf(data[p], data[p + 1], data[p + 2]);
      counts[bin]++;
      for (let c = 0; c < 3; c++) sums[3 * bin + c] += data[p + c];
    }
    await pause(0);
  }
  const palette = paletteOf(counts, sums);
  const index = new Int16Array(1 << 15).fill(-1);
  /**
   * @param {number} r
   * @param {number} g
   * @param {number} b
   */
  const indexOf = (r, g, b) => {
    const at = binOf(r, g, b);
    if (index[at] < 0) index[at] = nearest(palette, [r, g, b]);
    return index[at];
  };

  const out = new Bytes();
  out.push(..."GIF89a".split("").map((c) => c.charCodeAt(0)));
  out.word(width);
  out.word(height);
  out.push(0xf7, 0, 0); // a palette of 256 colors
  for (let i = 0; i < 256; i++) out.push(...(palette[i] ?? [0, 0, 0]));
  // For ever.
  out.push(0x21, 0xff, 11, ..."NETSCAPE2.0".split("").map((c) => c.charCodeAt(0)), 3, 1, 0, 0, 0);

  const seen = new Uint32Array(width * height); // the last frame's colors,
  const now = new Uint8Array(width * height); // these by their place in the palette,
  const since = new Int32Array(width * height).fill(-1); // and the frame in which that changed
  for (let i = 0; i < frames; i++) {
    const data = frame(i);
    const colors = new Uint32Array(data.buffer, data.byteOffset, seen.length);
    let [left, top, right, low] = [width, height, 0, 0];
    for (let y = 0, p = 0; y < height; y++) {
      for (let x = 0; x < width; x++, p++) {
        if (colors[p] === seen[p] && i > 0) continue;
        seen[p] = colors[p];
        const color = indexOf(data[4 * p], data[4 * p + 1], data[4 * p + 2]);
        if (color === now[p] && i > 0) continue;
        now[p] = color;
        since[p] = i;
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < top) top = y;
        low = y;
      }
    }
    // Nothing moved: one pixel, for the time.
    if (left > right) [left, top, right, low] = [0, 0, 0, 0];
    const [wide, tall] = [right - left + 1, low - top + 1];
    const part = new Uint8Array(wide * tall);
    for (let y = 0, q = 0; y < tall; y++) {
      for (let x = 0, p = (top + y) * width + left; x < wide; x++, p++, q++) {
        part[q] = since[p] === i ? now[p] : CLEAR;
      }
    }
    out.push(0x21, 0xf9, 4, i ? 5 : 4); // left as it is for the next one; changed pixels only
    out.word(Math.round(delay(i) / 10));
    out.push(CLEAR, 0, 0x2c);
    for (const value of [left, top, wide, tall]) out.word(value);
    out.push(0);
    compressed(part, out);
    await pause((i + 1) / frames);
  }
  out.push(0x3b);
  return new Blob([out.data.subarray(0, out.length)], { type: "image/gif" });
}

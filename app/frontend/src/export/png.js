// A canvas as PNG that knows its size in print and where it comes from.

import { contextOf } from "../lib/dom.js";

const SUMS = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** @param {Uint8Array} bytes */
function checksum(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = SUMS[(sum ^ byte) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}

/**
 * @param {string} kind
 * @param {Uint8Array} body
 */
function chunk(kind, body) {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  bytes.set(new TextEncoder().encode(kind), 4);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, checksum(bytes.subarray(4, 8 + body.length)));
  return bytes;
}

// The colors row by row, each row as what it adds to the one above it: mostly nothing.
/** @param {Pick<ImageData, "data" | "width" | "height">} image */
function scanlines({ data, width, height }) {
  const rows = new Uint8Array((3 * width + 1) * height);
  for (let y = 0, p = 0, q = 0; y < height; y++) {
    rows[q++] = 2; // "up"
    for (let x = 0; x < width; x++, p += 4) {
      for (let c = p; c < p + 3; c++) rows[q++] = data[c] - (y ? data[c - 4 * width] : 0);
    }
  }
  return rows;
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// An opaque canvas as PNG that knows how large it is in print, and where it comes from. The
// browser's own `toBlob` waits for an idle page, which it may not have for seconds after a click.
/**
 * @param {HTMLCanvasElement} canvas
 * @param {{ perInch: number, source: string }} where
 */
export async function asPng(canvas, { perInch, source }) {
  const { width, height } = canvas;
  const colors = contextOf(canvas).getImageData(0, 0, width, height);
  const head = new Uint8Array(13);
  const put = new DataView(head.buffer);
  put.setUint32(0, width);
  put.setUint32(4, height);
  head.set([8, 2], 8); // bits of each of red, green and blue
  const size = new Uint8Array(9);
  const perMetre = Math.round(perInch / 0.0254);
  new DataView(size.buffer).setUint32(0, perMetre);
  new DataView(size.buffer).setUint32(4, perMetre);
  size[8] = 1; // of a metre
  const words = new TextEncoder().encode(`Source\0\0\0\0\0${source}`);
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", head),
    chunk("pHYs", size),
    chunk("iTXt", words),
    chunk("IDAT", await deflated(scanlines(colors))),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Blob(parts, { type: "image/png" });
}

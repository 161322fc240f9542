// Files that a reader takes away: saved by the browser, under the lesson's name.

import { make } from "./dom.js";

const READ_WITHIN = 60_000; // ms that the browser may take to read what it saves

export function save(name, content, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), READ_WITHIN);
}

const sumTable = () =>
  Uint32Array.from({ length: 256 }, (_, i) => {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });

function checksum(bytes) {
  const sums = sumTable();
  let sum = 0xffffffff;
  for (const byte of bytes) sum = sums[(sum ^ byte) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}

function chunk(kind, body) {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  bytes.set(new TextEncoder().encode(kind), 4);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, checksum(bytes.subarray(4, 8 + body.length)));
  return bytes;
}

// A canvas as PNG that knows how large it is on paper, and where it comes from.
export async function asPng(canvas, { perInch, source }) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const size = new Uint8Array(9);
  const perMetre = Math.round(perInch / 0.0254);
  new DataView(size.buffer).setUint32(0, perMetre);
  new DataView(size.buffer).setUint32(4, perMetre);
  size[8] = 1; // of a metre
  const words = new TextEncoder().encode(`Source\0\0\0\0\0${source}`);
  const head = 33; // the signature and the first chunk, which others must follow
  return new Blob(
    [bytes.subarray(0, head), chunk("pHYs", size), chunk("iTXt", words), bytes.subarray(head)],
    {
      type: "image/png",
    },
  );
}

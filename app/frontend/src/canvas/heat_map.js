// A map of numbers from 0 to 1 as colors: a small image, stretched over its place on the plane.
// What is not a number (a run that diverged) has a color of its own. `between: [a, b]` are
// two styles, of 0 and of 1, with the paper half way; else the ramp of the theme is taken.

import { contextOf } from "../lib/dom.js";

/** @type {WeakMap<Numbers, { theme?: string, image: HTMLCanvasElement }>} */
const images = new WeakMap(); // the numbers -> {theme, image}

/** @param {Uint8ClampedArray} color */
const packed = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

/**
 * @param {Numbers} cells
 * @param {number} width
 * @param {number} height
 * @param {Uint8ClampedArray[]} ramp
 * @param {Uint8ClampedArray} none
 */
function paint(cells, width, height, ramp, none) {
  const image = document.createElement("canvas");
  image.width = width;
  image.height = height;
  const context = contextOf(image);
  const data = context.createImageData(width, height);
  const pixels = new Uint32Array(data.data.buffer);
  const colors = Uint32Array.from(ramp.map(packed));
  const nothing = packed(none);
  const scale = cells instanceof Uint8Array ? 1 : 255;
  for (let row = 0; row < height; row++) {
    const to = (height - 1 - row) * width; // the first row is the lowest
    for (let i = 0; i < width; i++) {
      const value = scale * cells[row * width + i];
      pixels[to + i] =
        value !== value ? nothing : colors[Math.max(0, Math.min(255, Math.round(value)))];
    }
  }
  context.putImageData(data, 0, 0);
  return image;
}

/**
 * The colors from 0 to `upto` as an image of one row.
 *
 * @param {Palette} palette
 * @param {string[] | undefined} between
 * @param {number} upto
 */
export function rampImage(palette, between, upto) {
  const colors = Float32Array.from({ length: 256 }, (_, i) => (upto * i) / 255);
  return paint(colors, colors.length, 1, palette.ramp(between), palette.none());
}

/**
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 */
export function drawHeat(
  ctx,
  { cells, size, box, between, smooth },
  { array, palette, place, theme },
) {
  const numbers = array(cells);
  if (!numbers || !Array.isArray(size) || !box) return;
  const kept = images.get(numbers);
  const image =
    kept && kept.theme === theme
      ? kept.image
      : paint(numbers, size[1], size[0], palette.ramp(between), palette.none());
  images.set(numbers, { theme, image });
  const [x0, x1, y0, y1] = box;
  ctx.imageSmoothingEnabled = Boolean(smooth);
  ctx.drawImage(
    image,
    place.x(x0),
    place.y(y1),
    place.x(x1) - place.x(x0),
    place.y(y0) - place.y(y1),
  );
}

// Where the parts of an exported drawing go, and how large it is.

import { heightOf } from "../canvas/primitives.js";
import { legendOf } from "../controls/legend.js";

export const SANS = 'system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
export const SERIF = '"Iowan Old Style", Palatino, "Liberation Serif", Georgia, serif';
const WIDTH = 1063; // px of the drawing: 180 mm across at 150 to the inch, the text then 8 points
export const EDGE = 24;
export const LEFT = 62; // of a plane: its axis's name and numbers
const BELOW = 50;
const ABOVE = 34;
export const LINE = 22;
export const SCALE = 44; // a map's scale, with its marks
const MODEL = 640; // px across, below the planes

/**
 * What is drawn: the planes as they are on the page, and the words around them.
 *
 * @typedef {object} Figure
 * @property {LessonData} lesson
 * @property {Answer} answer
 * @property {{ spec: PlaneSpec, traces: Trace[], handles: Handle[] }[]} planes
 * @property {ArrayOf} array
 * @property {number} k
 * @property {string} caption
 * @property {string} link
 * @property {string[]} readings
 * @property {Ghost[]} ghosts
 * @property {Palette} palette
 * @property {Outlines} cache
 * @property {string} [theme]
 */

/** @typedef {ReturnType<typeof layOutFigure>} Layout */

// Words in lines of at most this width.
/**
 * @param {Pen} ctx
 * @param {string} text
 * @param {number} width
 */
function wrapped(ctx, text, width) {
  /** @type {string[]} */
  const found = [];
  for (const word of text.split(/\s+/)) {
    const longer = found.length ? `${found.at(-1)} ${word}` : word;
    if (found.length && ctx.measureText(longer).width <= width) found[found.length - 1] = longer;
    else found.push(word);
  }
  return found;
}

// Where everything goes. The text's height depends on its width alone, so a probe measures it.
/**
 * @param {Figure} scene
 * @param {Pen} ctx
 */
export function layOutFigure(scene, ctx) {
  const model = scene.planes.find(({ spec }) => spec.model);
  const count = scene.planes.length - (model ? 1 : 0);
  const columns = count === 1 ? 1 : count === 4 ? 2 : Math.min(count, 3);
  const cell = (WIDTH - 2 * EDGE) / Math.max(columns, 1.6);
  const side = Math.round(cell - LEFT - 12);
  const rows = Math.ceil(count / columns);
  const inset = columns === 1 ? (WIDTH - cell) / 2 : EDGE;
  const top = EDGE + 34;
  const tall = side + ABOVE + BELOW;
  let placed = 0;
  const places = scene.planes.map(({ spec }) => {
    const i = spec.model ? 0 : placed++;
    const wide = spec.model ? Math.min(MODEL, WIDTH - 2 * EDGE - LEFT) : side;
    return {
      x: spec.model ? (WIDTH - wide) / 2 : inset + (i % columns) * cell + LEFT,
      y: top + (spec.model ? rows : Math.floor(i / columns)) * tall + ABOVE,
      wide,
      high: heightOf(spec.view, wide),
    };
  });
  const last = model ? heightOf(model.spec.view, MODEL) + ABOVE + BELOW : 0;
  const below = top + rows * tall + last + 10;
  ctx.font = `17px ${SERIF}`;
  const words = wrapped(ctx, scene.caption, WIDTH - 2 * EDGE);
  ctx.font = `13px ${SANS}`;
  const readings = scene.readings.length
    ? wrapped(ctx, scene.readings.join("  ·  "), WIDTH - 2 * EDGE)
    : [];
  const scales = SCALE * legendOf(scene.lesson, scene.answer).scales.length;
  const height =
    below + LINE + 6 + scales + words.length * 24 + readings.length * 20 + 30 + EDGE / 2;
  return { places, below, scales, words, readings, width: WIDTH, height: Math.ceil(height) };
}

// What the colors of a map mean: its scale beside the picture, and a cell in words.

import { make } from "../lib/dom.js";
import { valueAt } from "../lib/axis_scale.js";
import { show } from "../lib/number_format.js";
import { styleVar } from "./colors.js";

/** @typedef {import("../protocol").ColorScale} ColorScale */

const MOST = 255; // of a cell that is a byte

/**
 * The number of a cell, as a color from 0 to 1.
 *
 * @param {Numbers} cells
 * @param {number} index
 */
const colorAt = (cells, index) => cells[index] / (cells instanceof Uint8Array ? MOST : 1);

/**
 * What a cell says, in words.
 *
 * @param {ColorScale} scale
 * @param {Numbers} cells
 * @param {number} index
 */
export function cellText({ axis, upto = 1, sides, notes = {} }, cells, index) {
  const color = colorAt(cells, index);
  const { none, over, under } = notes;
  if (color !== color) return none ?? "–";
  if (over && color > upto + 1e-6) return over;
  if (under && color <= 0) return under;
  if (sides) {
    const steps = valueAt(2 * Math.min(color, 1 - color), axis);
    return `${show(Math.round(steps))} → ${sides[color < 0.5 ? 0 : 1]}`;
  }
  return show(valueAt(color / upto, axis), cells instanceof Uint8Array ? 2 : 4);
}

/**
 * The maps of a picture whose scales differ, one of each.
 *
 * @param {Trace[]} traces
 */
export const scalesOf = (traces) => [
  ...new Map(
    traces.flatMap(({ colors, between }) =>
      colors ? [[JSON.stringify([colors, between]), { colors, between }]] : [],
    ),
  ).values(),
];

// The colors of one map, as the style sheet mixes them.
/** @param {string[] | undefined} between */
function gradient(between) {
  if (!between) return "in oklch, oklch(var(--heat-low)), oklch(var(--heat-high))";
  const [low, high] = between.map(
    (name) =>
      `color-mix(in oklab, var(${styleVar(name)}) calc(var(--heat-share) * 1%), var(--paper))`,
  );
  return `in oklab, ${low}, var(--paper), ${high}`;
}

/**
 * A scale with its marks, and the colors beyond it.
 *
 * @param {ReturnType<typeof scalesOf>[number]} map
 */
export function makeScale({ colors: { label, ticks, upto = 1, notes = {} }, between }) {
  const ramp = make("span", { class: "ramp" });
  const colors = `linear-gradient(to right ${gradient(between)})`;
  ramp.style.background = `${colors} 0 / ${100 / upto}%`;
  const marks = ticks.map(([at, text]) => {
    const mark = make("span", {}, text);
    mark.style.left = `${100 * at}%`;
    return mark;
  });
  ramp.append(...marks);
  const found = make("span", { role: "listitem", class: "scale" }, make("span", {}, label), ramp);
  for (const kind of /** @type {const} */ (["over", "none"])) {
    if (notes[kind]) found.append(make("span", { class: "patch", "data-kind": kind }, notes[kind]));
  }
  return found;
}

// The model at the point shown: its data as bars or points, and over them a curve that is computed
// from the few numbers that the step has (natgrad_core/analysis/fitted_curve.py). A live page fetches
// this file for itself, when a picture first has a model; so it imports nothing that a page has.

import { drawChain } from "./chain_picture.js";

/**
 * What it draws and speaks with.
 *
 * @typedef {object} Tools
 * @property {typeof import("./primitives.js").note} note
 * @property {typeof import("./primitives.js").symbol} symbol
 * @property {typeof import("../i18n/en.js").say} say
 */

const AWAY = 1; // of the plane's height, as far as a curve is followed outside

/** @type {Record<string, (value: number) => number>} */
const RESPONSES = {
  exp: Math.exp,
  logistic: (value) => 1 / (1 + Math.exp(-value)),
  identity: (value) => value,
};

/**
 * The values of a fit at a step, one for each of its x.
 *
 * @param {Trace} trace
 * @param {ArrayOf} array
 * @param {number} k
 * @returns {number[]}
 */
export function valuesOf(trace, array, k) {
  const [x, features, offset] = [trace.x, trace.features, trace.offset].map((name) => array(name));
  const rows = array(trace.coefficients);
  if (!x || !rows) return [];
  const rank = features ? features.length / x.length : x.length;
  const from = rank * Math.min(Math.round(k), rows.length / rank - 1);
  const row = rows.subarray(from, from + rank);
  const respond = RESPONSES[trace.response ?? "identity"];
  return Array.from(x, (_, i) => {
    if (!features) return respond(row[i]);
    let sum = offset?.[i] ?? 0;
    for (let j = 0; j < rank; j++) sum += features[rank * i + j] * row[j];
    return respond(sum);
  });
}

/**
 * Why a fit is not to be seen, or an empty text.
 *
 * @param {Trace} trace
 * @param {number[]} values
 * @param {number[]} heights of the values, from 0 to 1 in the plane
 */
export function unseen(trace, values, heights) {
  if (!values.some(Number.isFinite)) return "model-ended";
  if (!trace.mass) return heights.some((y) => y >= 0 && y <= 1) ? "" : "model-outside";
  // A peak between two points is missed, or counted for more than there is.
  let sum = 0;
  for (const value of values) if (Number.isFinite(value)) sum += value * trace.mass;
  return sum > 0.5 && sum < 1.5 ? "" : "model-outside";
}

/**
 * Points, or bars of the histogram's width.
 *
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 * @param {Tools} tools
 */
function drawData(ctx, trace, { array, palette, place, weight }, { symbol }) {
  const [a, , , d, e, f] = trace.map ?? [1, 0, 0, 1, 0, 0];
  const points = array(trace.points) ?? [];
  const color = palette.color(trace.style);
  const half = (a * Number(trace.size ?? 0)) / 2;
  ctx.fillStyle = color;
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [a * points[i] + e, d * points[i + 1] + f];
    if (!half) {
      symbol(ctx, "circle", place.x(x), place.y(y), 3.2 * weight, { fill: color });
      continue;
    }
    ctx.globalAlpha = 0.28;
    const left = place.x(x - half);
    ctx.fillRect(left, place.y(y), place.x(x + half) - left - 1, place.y(f) - place.y(y));
    ctx.globalAlpha = 1;
  }
}

/**
 * A curve, with a symbol at each of its places if it has one.
 *
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 * @param {Tools} tools
 * @returns {string} why it is not to be seen, or an empty text
 */
function drawFit(ctx, trace, { view, array, palette, place, weight, k }, { symbol }) {
  const [a, , , d, e, f] = trace.map ?? [1, 0, 0, 1, 0, 0];
  const height = view[3];
  const values = valuesOf(trace, array, k);
  const heights = values.map((value) => d * value + f);
  const x = array(trace.x) ?? [];
  const color = palette.color(trace.style);
  const far = (/** @type {number} */ y) => Math.max(-AWAY, Math.min(height + AWAY, y));
  ctx.beginPath();
  let down = false;
  heights.forEach((y, i) => {
    const at = /** @type {const} */ ([place.x(a * x[i] + e), place.y(far(y))]);
    if (Number.isNaN(y)) down = false;
    else if (down) ctx.lineTo(...at);
    else ctx.moveTo(...at);
    down = !Number.isNaN(y);
  });
  ctx.lineWidth = (trace.width ?? 2.2) * weight;
  ctx.strokeStyle = color;
  ctx.setLineDash(trace.dash === "dashed" ? [7 * weight, 5 * weight] : []);
  ctx.stroke();
  ctx.setLineDash([]);
  if (trace.symbol) {
    const mark = palette.style(trace.style).symbol ?? trace.symbol;
    const paint = { fill: color, stroke: palette.color("paper"), width: 1.5 };
    heights.forEach((y, i) => {
      if (y <= height) symbol(ctx, mark, place.x(a * x[i] + e), place.y(y), 4.2 * weight, paint);
    });
  }
  return unseen(trace, values, heights);
}

/**
 * @param {Pen} ctx
 * @param {Drawing} look
 * @param {Tools} tools
 */
export function drawModel(ctx, look, tools) {
  const { note, say } = tools;
  const { traces, palette, place, size, view } = look;
  const em = Math.round(13 * Math.max(1, size));
  const paper = palette.color("paper");
  let line = 0;
  for (const trace of traces) {
    if (trace.kind === "data") drawData(ctx, trace, look, tools);
    if (trace.kind === "chain") drawChain(ctx, trace, look, tools);
    const why = trace.kind === "fit" && drawFit(ctx, trace, look, tools);
    if (!why || !trace.name) continue;
    const color = palette.color(trace.style);
    const text = say(why, { name: palette.style(trace.style).label ?? trace.name });
    ctx.textAlign = "right";
    note(ctx, text, place.x(view[1]) - 6, em * 1.3 * ++line, { color, paper, size: em });
    ctx.textAlign = "left";
  }
}

// What is drawn as a line: the path of a run, a curve and the area under one.

import { lastGood, trail } from "./primitives.js";

const DASH = [8, 6];
const SPANS = 6; // so many times a plane's side a line may be long before its dashes grow

// A line that runs to and fro across the plane has longer dashes: each costs time, and thousands of
// short ones blur. In steps of two, so that they stand still while a line is dragged.
/**
 * @param {number} length
 * @param {number} side
 * @param {number} weight
 */
function dashes(length, side, weight) {
  const longer = 2 ** Math.max(0, Math.min(2, Math.ceil(Math.log2(length / (SPANS * side)))));
  return DASH.map((d) => d * weight * longer);
}

/**
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 */
export function drawPath(ctx, trace, { array, palette, place, k, weight }) {
  const points = array(trace.points);
  if (!points) return;
  const color = palette.color(trace.style);
  const width = (palette.style(trace.style).width ?? 2.5) * weight;
  const dashed = trace.dash === "dashed";
  const last = points.length / 2 - 1;
  ctx.lineCap = dashed ? "butt" : "round";
  /**
   * @param {number} from
   * @param {number} to
   * @param {number} thickness
   * @param {string} style
   */
  const line = (from, to, thickness, style) => {
    ctx.beginPath();
    const length = trail(ctx, points, from, to, place);
    ctx.setLineDash(dashed ? dashes(length, place.side, weight) : []);
    ctx.lineWidth = thickness;
    ctx.strokeStyle = style;
    ctx.stroke();
  };
  // What is still to come is a hair: thin, and cheap to draw.
  if (k < last) line(dashed ? 0 : Math.floor(k), last, weight, palette.pale(trace.style));
  const now = Math.min(k, last);
  if (dashed) {
    // A thread of paper under the dashes: where both runs coincide the solid line shows through
    // as a line with slits, so that 'the same path twice' can be seen.
    ctx.beginPath();
    trail(ctx, points, 0, now, place);
    ctx.setLineDash([]);
    ctx.lineWidth = Math.max(1, width * 0.4);
    ctx.strokeStyle = palette.color("paper");
    ctx.stroke();
  }
  line(0, now, width, color);
  ctx.setLineDash([]);
  ctx.lineCap = "round";
  const end = lastGood(points);
  if (end < last)
    drawBreak(ctx, place.x(points[2 * end]), place.y(points[2 * end + 1]), color, weight);
}

// The points of a trace where its plane has them.
/**
 * @param {Trace} trace
 * @param {ArrayOf} array
 */
export function pointsOf({ points: name, map }, array) {
  const points = array(name);
  if (!points || !map) return points;
  const [a, b, c, d, e, f] = map;
  return points.map((v, i) =>
    i % 2 ? c * points[i - 1] + d * v + f : a * v + b * points[i + 1] + e,
  );
}

// A line that no step moves: a graph, a level set, a geodesic between two points.
/**
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 */
export function drawCurve(ctx, trace, { array, palette, place, weight }) {
  const points = pointsOf(trace, array);
  if (!points) return;
  const starts = array(trace.starts) ?? [0, points.length / 2];
  ctx.beginPath();
  for (let i = 0; i + 1 < starts.length; i++) {
    trail(
      ctx,
      points.subarray(2 * starts[i], 2 * starts[i + 1]),
      0,
      starts[i + 1] - starts[i] - 1,
      place,
    );
  }
  ctx.globalAlpha = trace.faint ? 0.35 : 1;
  ctx.setLineDash(trace.dash === "dashed" ? DASH.map((d) => d * weight) : []);
  ctx.lineWidth = (trace.width ?? 2.2) * weight;
  ctx.strokeStyle = palette.color(trace.style);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  if (!trace.broken) return;
  const end = lastGood(points);
  drawBreak(
    ctx,
    place.x(points[2 * end]),
    place.y(points[2 * end + 1]),
    palette.color(trace.style),
    weight,
  );
}

// What lies between a curve with a point a step and the line y = base: strongly up to the step
// shown.
/**
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 */
export function drawArea(ctx, trace, { array, palette, place, k }) {
  const points = array(trace.points);
  if (!points) return;
  const last = points.length / 2 - 1;
  const base = place.y(trace.base ?? 0);
  /**
   * @param {number} from
   * @param {number} to
   * @param {number} alpha
   */
  const fill = (from, to, alpha) => {
    if (from >= to) return;
    ctx.beginPath();
    ctx.moveTo(place.x(points[2 * from]), base);
    for (let i = from; i <= to; i++) ctx.lineTo(place.x(points[2 * i]), place.y(points[2 * i + 1]));
    ctx.lineTo(place.x(points[2 * to]), base);
    ctx.globalAlpha = alpha;
    ctx.fill();
  };
  ctx.fillStyle = palette.color(trace.style);
  const now = Math.min(Math.round(k), last);
  fill(0, now, 0.42);
  fill(now, last, 0.12);
  ctx.globalAlpha = 1;
}

// The run stopped here: it left the domain or diverged.
/**
 * @param {Pen} ctx
 * @param {number} x
 * @param {number} y
 * @param {string} color
 * @param {number} weight
 */
function drawBreak(ctx, x, y, color, weight) {
  const r = 5.5 * weight;
  ctx.beginPath();
  ctx.moveTo(x - r, y - r);
  ctx.lineTo(x + r, y + r);
  ctx.moveTo(x - r, y + r);
  ctx.lineTo(x + r, y - r);
  ctx.strokeStyle = color;
  ctx.lineWidth = 2.5 * weight;
  ctx.stroke();
}

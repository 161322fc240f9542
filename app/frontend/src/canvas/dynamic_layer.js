// The living layer: what moves when a handle is dragged, the step is scrubbed or a run is played.

import { say } from "../i18n/en.js";
import { placeLabels } from "./arrow_labels.js";
import { drawHeat } from "./heat_map.js";
import { drawGhosts } from "./ghosts.js";
import {
  arrow,
  ellipse,
  heightOf,
  lastGood,
  note,
  placing,
  pointAt,
  symbol,
  trail,
} from "./primitives.js";

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
 * @param {Scene} scene
 */
export function drawLiving(ctx, scene) {
  const { side, ratio, view, traces } = scene;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, side, heightOf(view, side));
  ctx.lineJoin = ctx.lineCap = "round";
  const size = side / 500;
  const weight = Math.max(1, size) * scene.thick;
  /** @type {Drawing} */
  const look = { ...scene, place: placing(view, side), size, weight };
  /** @param {Trace["kind"]} kind */
  const of = (kind) => traces.filter((trace) => trace.kind === kind);
  of("heat").forEach((trace) => drawHeat(ctx, trace, look));
  if (scene.ghosts.length) drawGhosts(ctx, scene.ghosts, look);
  of("ellipses").forEach((trace) => drawEllipses(ctx, trace, look));
  of("area").forEach((trace) => drawArea(ctx, trace, look));
  of("curve").forEach((trace) => drawCurve(ctx, trace, look));
  of("points").forEach((trace) => drawPoints(ctx, trace, look));
  scene.model?.(ctx, look, { note, symbol, say });
  of("path").forEach((trace) => drawPath(ctx, trace, look));
  of("path").forEach((trace) => drawBall(ctx, trace, look));
  scene.handles.forEach((handle) => drawShaft(ctx, handle, look));
  if (!scene.playing) {
    of("ellipse-at").forEach((trace) => drawEllipseAt(ctx, trace, look));
    drawArrows(ctx, of("arrows"), look);
  }
  if (scene.hover) drawHover(ctx, scene.hover, look);
}

/**
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 */
function drawPath(ctx, trace, { array, palette, place, k, weight }) {
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

// A line that no step moves: a graph, a level set, a geodesic between two points.
/**
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 */
function drawCurve(ctx, trace, { array, palette, place, weight }) {
  const points = array(trace.points);
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
function drawArea(ctx, trace, { array, palette, place, k }) {
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

/**
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 */
function drawBall(ctx, trace, { array, palette, place, k, size, weight }) {
  const points = array(trace.points);
  if (!points) return;
  const style = palette.style(trace.style);
  const color = palette.color(trace.style);
  const paper = palette.color("paper");
  const [x, y] = pointAt(points, Math.min(k, points.length / 2 - 1));
  const r = 5.2 * Math.max(1, size);
  const [px, py] = [place.x(x), place.y(y)];
  if (trace.dash === "dashed") {
    symbol(ctx, style.symbol, px, py, r * 1.5, { stroke: paper, width: 4.5 * weight });
    symbol(ctx, style.symbol, px, py, r * 1.5, { stroke: color, width: 2 * weight });
  } else
    symbol(ctx, style.symbol, px, py, r, {
      fill: color,
      stroke: paper,
      width: 3 * Math.min(weight, 2),
    });
}

/**
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 */
function drawEllipses(ctx, trace, { array, palette, place, k, weight, playing, traces }) {
  const shapes = array(trace.shapes);
  if (!shapes) return;
  const at = array(trace.at);
  const count = shapes.length / 6;
  const shown = traces.some((other) => other.kind === "ellipse-at");
  let near = -1;
  for (let i = 0; at && i < count; i++) {
    if (!playing && shown) break; // paused, this step's own ellipse stands out instead
    if (near < 0 || Math.abs(at[i] - k) < Math.abs(at[near] - k)) near = i;
  }
  ctx.strokeStyle = palette.color(trace.style);
  ctx.beginPath();
  for (let i = 0; i < count; i++) if (i !== near) ellipse(ctx, shapes, 6 * i, place);
  ctx.globalAlpha = 0.34;
  ctx.lineWidth = weight;
  ctx.stroke();
  ctx.globalAlpha = 1;
  if (near < 0) return;
  ctx.beginPath();
  ellipse(ctx, shapes, 6 * near, place);
  ctx.lineWidth = 1.7 * weight;
  ctx.stroke();
}

/**
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 */
function drawEllipseAt(ctx, trace, { array, palette, place, k, weight }) {
  const shapes = array(trace.shapes);
  if (!shapes) return;
  const step = Math.min(Math.round(k), shapes.length / 6 - 1);
  ctx.beginPath();
  ellipse(ctx, shapes, 6 * step, place);
  ctx.fillStyle = ctx.strokeStyle = palette.color(trace.style);
  ctx.globalAlpha = 0.09;
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.lineWidth = 2 * weight;
  ctx.stroke();
}

// Labels are drawn above all arrows.
/**
 * @param {Pen} ctx
 * @param {Trace[]} traces
 * @param {Drawing} look
 */
function drawArrows(ctx, traces, { array, palette, place, k, size, weight, side }) {
  const paper = palette.color("paper");
  const em = Math.round(15 * Math.max(1, size));
  /** @type {(import("./arrow_labels.js").Label & { color: string })[]} */
  const labels = [];
  for (const trace of traces) {
    const points = array(trace.points);
    if (!points) continue;
    const step = 4 * Math.min(Math.round(k), points.length / 4 - 1);
    const [x0, x1] = [place.x(points[step]), place.x(points[step + 2])];
    const [y0, y1] = [place.y(points[step + 1]), place.y(points[step + 3])];
    const color = palette.color(trace.style);
    const drawn = arrow(ctx, x0, y0, x1, y1, { color, paper, width: 2.2 * weight });
    if (drawn && trace.label) labels.push({ text: trace.label, color, x0, y0, x1, y1 });
  }
  placeLabels(labels, side, em).forEach(({ x, y, right }, i) => {
    const { text, color } = labels[i];
    ctx.textAlign = right ? "left" : "right";
    note(ctx, text, x, y, { color, paper, size: em });
  });
  ctx.textAlign = "left";
}

// Single points; where `counts` says how many there are at each step, those; with `per` each step
// has that many of its own.
/**
 * @param {Pen} ctx
 * @param {Trace} trace
 * @param {Drawing} look
 */
function drawPoints(ctx, trace, { array, palette, place, weight, k }) {
  let points = array(trace.points);
  if (points && trace.per) {
    const row = 2 * trace.per;
    const step = Math.min(Math.round(k), points.length / row - 1);
    points = points.subarray(step * row, (step + 1) * row);
  }
  const counts = array(trace.counts);
  const shown = counts
    ? 2 * counts[Math.min(Math.round(k), counts.length - 1)]
    : (points?.length ?? 0);
  const color = palette.color(trace.style);
  const small = typeof trace.size === "number" ? trace.size : 1;
  const r = 4.2 * weight * small;
  const look = { fill: color, stroke: palette.color("paper"), width: small < 1 ? 1 : 2 };
  const name = trace.symbol ?? palette.style(trace.style).symbol;
  for (let i = 0; points && i < shown; i += 2) {
    symbol(ctx, name, place.x(points[i]), place.y(points[i + 1]), r, look);
  }
}

// A handle that is the tip of a vector (a column of A) carries its shaft.
/**
 * @param {Pen} ctx
 * @param {Handle} handle
 * @param {Drawing} look
 */
function drawShaft(ctx, { from, at, style }, { palette, place, weight }) {
  if (!from) return;
  const [x0, y0, x1, y1] = [place.x(from[0]), place.y(from[1]), place.x(at[0]), place.y(at[1])];
  const color = palette.color(style);
  arrow(ctx, x0, y0, x1, y1, {
    color,
    paper: palette.color("paper"),
    width: 2.5 * weight,
    head: 13 * weight,
  });
}

/**
 * @param {Pen} ctx
 * @param {Reading} reading
 * @param {Drawing} look
 */
function drawHover(ctx, { point, style, trace }, { palette, place, weight }) {
  ctx.beginPath();
  ctx.arc(place.x(point[0]), place.y(point[1]), 8 * weight, 0, 2 * Math.PI);
  if (trace.colors) {
    ctx.strokeStyle = palette.color("paper"); // seen on every color of a map
    ctx.lineWidth = 4 * weight;
    ctx.stroke();
  }
  ctx.strokeStyle = palette.color(trace.colors ? "text" : style);
  ctx.lineWidth = 1.5 * weight;
  ctx.stroke();
}

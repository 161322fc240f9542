// The living layer: what moves when a handle is dragged, the step is scrubbed or a run is played.

import { say } from "../i18n/en.js";
import { onPlane, placeLabels } from "./arrow_labels.js";
import { drawHeat } from "./heat_map.js";
import { drawGhosts } from "./ghosts.js";
import { arrow, ellipse, heightOf, note, placing, pointAt, symbol } from "./primitives.js";
import { drawArea, drawCurve, drawPath, pointsOf } from "./trace_lines.js";

/**
 * @param {Pen} ctx
 * @param {Scene} scene
 */
export function drawLiving(ctx, scene) {
  const { side, ratio, view, traces, palette } = scene;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, side, heightOf(view, side));
  ctx.lineJoin = ctx.lineCap = "round";
  const size = side / 500;
  const weight = Math.max(1, size) * scene.thick;
  /** @type {Drawing} */
  const look = { ...scene, place: placing(view, side), size, weight };
  // What is lit lies over what steps back.
  const sorted = traces.toSorted((a, b) => +palette.lit(a.style) - +palette.lit(b.style));
  /** @param {Trace["kind"]} kind */
  const of = (kind) => sorted.filter((trace) => trace.kind === kind);
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
    const seen = drawn && onPlane({ x0, y0, x1, y1 }, side);
    if (seen && trace.label) labels.push({ text: trace.label, color, x0, y0, x1, y1 });
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
  let points = pointsOf(trace, array);
  if (points && trace.per) {
    const row = 2 * trace.per;
    const step = Math.min(Math.round(k / (trace.every ?? 1)), points.length / row - 1);
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

// The still layer: loss bands, contour lines, the other plane's coordinate grid, the axes.
// Outlines are built once a cache key, in the coordinates they came in; a change of view or of the
// affine `map` only fills and strokes the same outlines through another matrix.

import { heightOf } from "./primitives.js";
import { idOf } from "../lib/identity.js";
import { marks, stepOn } from "./ticks.js";

const SMALL = 2000; // numbers, up to which it costs less to compare than to draw again
const KEPT = 32; // outlines remembered; far more than a lesson shows at once

// A point that is not a number parts the line: no stroke leads to it or from it.
/**
 * @param {Path2D} path
 * @param {Numbers} points
 * @param {number} from
 * @param {number} to
 * @param {boolean} close
 */
function ring(path, points, from, to, close) {
  let down = false;
  for (let i = from; i < to; i++) {
    const [x, y] = [points[2 * i], points[2 * i + 1]];
    if (!Number.isFinite(x + y)) down = false;
    else if (down) path.lineTo(x, y);
    else {
      path.moveTo(x, y);
      down = true;
    }
  }
  if (close) path.closePath();
}

/**
 * @param {Trace} trace
 * @param {ArrayOf} array
 * @param {PathKind} Path
 */
function outlines(trace, array, Path) {
  const points = array(trace.points);
  if (!points) return null;
  if (trace.kind === "lines") {
    const path = new Path();
    const starts = array(trace.starts) ?? [0, points.length / 2];
    for (let i = 0; i + 1 < starts.length; i++) ring(path, points, starts[i], starts[i + 1], false);
    return [path];
  }
  const rings = array(trace.rings);
  const bands = array(trace.bands);
  if (!rings || !bands) return null;
  const paths = [];
  for (let b = 0; b + 1 < bands.length; b++) {
    const path = new Path();
    for (let r = bands[b]; r < bands[b + 1]; r++) ring(path, points, rings[r], rings[r + 1], true);
    paths.push(path);
  }
  return paths;
}

// Copies: what looks into an answer would keep all of it.
/**
 * @param {Trace} trace
 * @param {ArrayOf} array
 * @returns {Record<string, Numbers>}
 */
function numbersOf(trace, array) {
  /** @type {Record<string, Numbers>} */
  const found = {};
  for (const part of HELD) {
    const name = trace[part];
    const numbers = array(name);
    if (name && numbers) found[name] = numbers.slice();
  }
  return found;
}

/** Parts of a trace that name arrays. */
const HELD = /** @type {const} */ (["points", "starts", "rings", "bands"]);

// With another kind of path than the canvas's the same outlines are built for another drawing.
/** @param {PathKind} Path */
export function makeOutlineCache(Path = Path2D) {
  /** @type {Map<string, { paths: Path2D[], numbers: Record<string, Numbers> }>} */
  const kept = new Map();
  return {
    keys: () => [...kept.keys()],
    // An array that came with an outline in the cache: later answers leave it out.
    /** @type {ArrayOf} */
    array(name = "") {
      for (const { numbers } of kept.values()) if (name in numbers) return numbers[name];
      return undefined;
    },
    // The outlines of a trace, from the cache or from the answer; null if neither has them.
    /**
     * @param {Trace} trace
     * @param {ArrayOf} array
     * @returns {Path2D[] | null}
     */
    find(trace, array) {
      const held = trace.cache === undefined ? undefined : kept.get(trace.cache);
      const paths = held?.paths ?? outlines(trace, array, Path);
      if (trace.cache && paths) {
        kept.delete(trace.cache);
        kept.set(trace.cache, held ?? { paths, numbers: numbersOf(trace, array) }); // newest last
        const [oldest] = kept.keys();
        if (kept.size > KEPT) kept.delete(oldest);
      }
      return paths;
    },
  };
}

/** @param {Trace} trace */
export const isStill = (trace) => trace.kind === "bands" || trace.kind === "lines";
// The other plane's lines stand on the ground of the loss, and move when that does not.
/** @param {Trace} trace */
export const isGrid = (trace) => trace.style === "grid";

// What tells one still layer from another. Lines without a cache key are few: their points say it.
/**
 * @param {Trace[]} traces
 * @param {ArrayOf} array
 */
export function stillNames(traces, array) {
  /** @param {Trace} trace */
  const name = (trace) => {
    if (trace.cache) return trace.cache;
    const points = array(trace.points);
    return points && (points.length < SMALL ? points.join() : idOf(points));
  };
  return traces.map((t) => `${name(t)}|${t.kind}|${t.style}|${t.map ?? ""}`).join(";");
}

/**
 * @param {Pen} ctx
 * @param {Ground & { traces: Trace[] }} look
 */
export function drawStill(ctx, look) {
  clearPlane(ctx, look);
  drawOutlines(ctx, { ...look, traces: look.traces.filter((trace) => !isGrid(trace)) });
  drawOutlines(ctx, { ...look, traces: look.traces.filter(isGrid) });
  drawAxes(ctx, look);
}

/**
 * @param {Pen} ctx
 * @param {{ view: number[], side: number, ratio: number }} size
 */
export function clearPlane(ctx, { view, side, ratio }) {
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, side, heightOf(view, side));
}

/** @param {{ side: number, thick: number }} look */
const weightOf = ({ side, thick }) => Math.max(1, side / 600) * thick;

/**
 * @param {Pen} ctx
 * @param {Ground & { traces: Trace[] }} look
 */
export function drawOutlines(ctx, look) {
  const { traces, view, side, palette, cache, array } = look;
  const { Path = Path2D } = ctx;
  const scale = side / (view[1] - view[0]);
  const weight = weightOf(look);
  const toPixels = new DOMMatrix([scale, 0, 0, -scale, -view[0] * scale, view[3] * scale]);
  ctx.lineJoin = "round";
  for (const trace of traces) {
    const paths = cache.find(trace, array);
    if (!paths) continue;
    const [a, b, c, d, e, f] = trace.map ?? [1, 0, 0, 1, 0, 0];
    const matrix = toPixels.multiply(new DOMMatrix([a, c, b, d, e, f]));
    paths.forEach((path, i) => {
      const placed = new Path();
      placed.addPath(path, matrix); // moved before it is stroked: a line keeps its width
      if (trace.kind === "bands") {
        ctx.fillStyle = palette.band(i, paths.length);
        ctx.fill(placed, "evenodd");
      } else {
        ctx.globalAlpha = palette.faint(trace.style);
        ctx.strokeStyle = palette.color(trace.style ?? "contour");
        ctx.lineWidth = (trace.style === "grid" ? 0.9 : 0.7) * weight;
        ctx.stroke(placed);
        ctx.globalAlpha = 1;
      }
    });
  }
}

/**
 * @param {Pen} ctx
 * @param {Ground} look
 */
export function drawAxes(ctx, look) {
  const { view, given, side, palette, step = stepOn(view[1] - view[0], side) } = look;
  const [x0, x1, y0, y1] = view;
  const scale = side / (x1 - x0);
  const high = heightOf(view, side);
  const mark = side / 90;
  ctx.beginPath();
  for (const [x] of marks(x0, x1, step, given?.[0])) {
    const at = Math.round((x - x0) * scale) + 0.5;
    ctx.moveTo(at, high);
    ctx.lineTo(at, high - mark);
  }
  for (const [y] of marks(y0, y1, step, given?.[1])) {
    const at = Math.round((y1 - y) * scale) + 0.5;
    ctx.moveTo(0, at);
    ctx.lineTo(mark, at);
  }
  if (x0 < 0 && x1 > 0) {
    ctx.moveTo(Math.round(-x0 * scale) + 0.5, 0);
    ctx.lineTo(Math.round(-x0 * scale) + 0.5, high);
  }
  if (y0 < 0 && y1 > 0) {
    ctx.moveTo(0, Math.round(y1 * scale) + 0.5);
    ctx.lineTo(side, Math.round(y1 * scale) + 0.5);
  }
  ctx.strokeStyle = palette.color("axis");
  ctx.lineWidth = weightOf(look);
  ctx.stroke();
}

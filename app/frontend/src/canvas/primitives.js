// How the marks of the living layer are drawn, in pixels: paths, symbols, ellipses, arrows.

import { contextOf } from "../lib/dom.js";
import { symbolPath } from "./markers.js";

const FAR = 1e4; // px: what is larger than this is not drawn
const MARGIN = 40; // px around a plane in which a path is still drawn
const FINEST = 0.4; // px

// How high a plane of this width is: square, unless it shows a model.
/**
 * @param {number[]} view
 * @param {number} side
 */
export const heightOf = ([x0, x1, y0, y1], side) => (side * (y1 - y0)) / (x1 - x0);

// Data to pixels for a view with one scale, y up.
/**
 * @param {number[]} view
 * @param {number} side
 */
export function placing([x0, x1, , y1], side) {
  const scale = side / (x1 - x0);
  return {
    side,
    scale,
    /** @param {number} x */
    x: (x) => (x - x0) * scale,
    /** @param {number} y */
    y: (y) => (y1 - y) * scale,
  };
}

// The part of a segment inside the plane (and a margin), as two fractions of it, or null. What lies
// outside is not given to the canvas at all: dashing a runaway path would cost seconds.
/**
 * @param {number} px
 * @param {number} py
 * @param {number} qx
 * @param {number} qy
 * @param {number} side
 * @returns {[number, number] | null}
 */
function inside(px, py, qx, qy, side) {
  let [from, to] = [0, 1];
  for (const [p, q] of [
    [px, qx],
    [py, qy],
  ]) {
    const step = q - p;
    const [a, b] = [(-MARGIN - p) / step, (side + MARGIN - p) / step];
    if (step === 0) {
      if (p < -MARGIN || p > side + MARGIN) return null;
    } else {
      from = Math.max(from, Math.min(a, b));
      to = Math.min(to, Math.max(a, b));
    }
  }
  return from < to ? [from, to] : null;
}

// The part of a path between two steps (the ends may lie between points). A point that is not a
// number ends it; points closer than the eye can part are left out. Returns the length drawn, in
// px.
/**
 * @param {Pen} ctx
 * @param {Numbers} points
 * @param {number} from
 * @param {number} to
 * @param {Placing} place
 */
export function trail(ctx, points, from, to, { x, y, side }) {
  const first = Math.floor(from);
  let px = x(points[2 * first]);
  let py = y(points[2 * first + 1]);
  let length = 0;
  let down = false; // the pen is on the paper, at (px, py)
  if (!Number.isFinite(px + py)) return 0;
  for (let i = first + 1; i < to + 1; i++) {
    const part = Math.min(1, to - i + 1);
    const qx = px + (x(points[2 * i]) - px) * part;
    const qy = py + (y(points[2 * i + 1]) - py) * part;
    if (!Number.isFinite(qx + qy)) break;
    if (i < to && Math.abs(qx - px) + Math.abs(qy - py) < FINEST) continue;
    const seen = inside(px, py, qx, qy, side);
    if (seen) {
      const [a, b] = seen;
      if (!down || a > 0) ctx.moveTo(px + (qx - px) * a, py + (qy - py) * a);
      ctx.lineTo(px + (qx - px) * b, py + (qy - py) * b);
      length += Math.hypot(qx - px, qy - py) * (b - a);
    }
    down = seen !== null && seen[1] === 1;
    px = qx;
    py = qy;
  }
  return length;
}

// The last step of a path that is a number.
/** @param {Numbers} points */
export function lastGood(points) {
  let last = points.length / 2 - 1;
  while (last > 0 && !Number.isFinite(points[2 * last] + points[2 * last + 1])) last--;
  return last;
}

// The place of a path at a step that may lie between two.
/**
 * @param {Numbers} points
 * @param {number} t
 */
export function pointAt(points, t) {
  const last = lastGood(points);
  const i = Math.min(Math.floor(t), last);
  const j = Math.min(i + 1, last);
  const part = Math.min(1, Math.max(0, t - i));
  return [0, 1].map((c) => points[2 * i + c] + (points[2 * j + c] - points[2 * i + c]) * part);
}

/**
 * @param {Pen} ctx
 * @param {string | undefined} name
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {{ fill?: string, stroke?: string, width?: number }} look
 */
export function symbol(ctx, name, x, y, radius, { fill, stroke, width = 1 }) {
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(radius, radius);
  const path = symbolPath(name, ctx.Path);
  if (stroke) {
    ctx.strokeStyle = stroke;
    ctx.lineWidth = width / radius;
    ctx.stroke(path);
  }
  if (fill) {
    ctx.fillStyle = fill;
    ctx.fill(path);
  }
  ctx.restore();
}

// An ellipse from its center and two half axes (six numbers at `offset`), added to the open path.
/**
 * @param {Pen} ctx
 * @param {Numbers} shapes
 * @param {number} offset
 * @param {Placing} place
 */
export function ellipse(ctx, shapes, offset, { scale, x, y }) {
  const [cx, cy, ax, ay, bx, by] = shapes.subarray(offset, offset + 6);
  if (!Number.isFinite(cx + cy + ax + ay + bx + by)) return;
  if (Math.max(Math.abs(ax), Math.abs(ay), Math.abs(bx), Math.abs(by)) * scale > FAR) return;
  ctx.save();
  ctx.transform(ax * scale, -ay * scale, bx * scale, -by * scale, x(cx), y(cy));
  ctx.moveTo(1, 0);
  ctx.arc(0, 0, 1, 0, 2 * Math.PI);
  ctx.restore(); // before the stroke: the outline keeps an even width
}

/**
 * @param {Pen} ctx
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @param {{ color: string, paper: string, width: number, head?: number }} look
 */
export function arrow(ctx, x0, y0, x1, y1, { color, paper, width, head = 11 }) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (!(length > 2.5) || length > FAR) return false;
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  const size = Math.min(head, length * 0.7);
  const [bx, by] = [x1 - ux * size, y1 - uy * size];
  const shaft = () => {
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(bx, by);
    ctx.moveTo(x1, y1);
    ctx.lineTo(bx - uy * size * 0.42, by + ux * size * 0.42);
    ctx.lineTo(bx + uy * size * 0.42, by - ux * size * 0.42);
    ctx.closePath();
  };
  ctx.setLineDash([]);
  shaft();
  ctx.strokeStyle = paper; // a halo, so that the arrow reads on top of paths
  ctx.lineWidth = width + 3;
  ctx.stroke();
  shaft();
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = width;
  ctx.stroke();
  ctx.fill();
  return true;
}

// A short text with a halo. Canvases take it from a picture of it: to write on one has the page's
// styles worked out again, which costs nearly as much as the rest of a plane. SVG keeps it as text.
/**
 * @typedef {{ color: string, paper: string, size: number }} TextLook
 *
 * @param {Pen} ctx
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {TextLook} look
 */
export function note(ctx, text, x, y, look) {
  if (ctx.Path) return write(ctx, text, x, y, look);
  const { a: ratio } = ctx.getTransform();
  const { image, left, base, width } = pictureOf(text, look, ratio);
  const from = ctx.textAlign === "right" ? x - width : x;
  const [u, v] = [Math.round(from * ratio) - left, Math.round(y * ratio) - base];
  ctx.drawImage(image, u / ratio, v / ratio, image.width / ratio, image.height / ratio);
}

// An image, and not the canvas: of that the browser takes a copy each time it is drawn.
/** @typedef {{ image: ImageBitmap, left: number, base: number, width: number }} Picture */

/** @type {Map<string, Picture>} */
const pictures = new Map();
const ENOUGH = 100; // pictures of texts; one more, as after many themes or sizes, and all go

/**
 * @param {string} text
 * @param {TextLook} look
 * @param {number} ratio
 * @returns {Picture}
 */
function pictureOf(text, look, ratio) {
  const key = [text, look.color, look.paper, look.size, ratio].join();
  const known = pictures.get(key);
  if (known) return known;
  if (pictures.size >= ENOUGH) pictures.clear();
  const canvas = new OffscreenCanvas(1, 1);
  const pen = contextOf(canvas);
  pen.font = fontOf(text, look);
  const { width } = pen.measureText(text);
  const [left, base] = [0.4 * look.size, 1.3 * look.size].map((side) => Math.ceil(side * ratio));
  canvas.width = Math.ceil(width * ratio) + 2 * left; // this takes font and scale away
  canvas.height = Math.ceil(1.5 * base);
  pen.translate(left, base);
  pen.scale(ratio, ratio);
  pen.lineJoin = "round";
  write(pen, text, 0, 0, look);
  const picture = { image: canvas.transferToImageBitmap(), left, base, width };
  pictures.set(key, picture);
  return picture;
}

/**
 * Chinese has no italics.
 *
 * @param {string} text
 * @param {{ size: number }} look
 */
const fontOf = (text, { size }) =>
  `${/[一-鿿]/.test(text) ? "" : "italic "}${size}px "Iowan Old Style", Palatino, "Liberation Serif", Georgia, serif`;

/**
 * @param {Pen} ctx
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {TextLook} look
 */
function write(ctx, text, x, y, { color, paper, size }) {
  ctx.font = fontOf(text, { size });
  ctx.strokeStyle = paper;
  ctx.lineWidth = 4;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = color;
  ctx.fillText(text, x, y);
}

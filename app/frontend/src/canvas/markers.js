// One symbol and one stroke for a rule, the same on the canvas, in the legend, the meter and the
// controls. A symbol is one path in a box of radius one: Path2D and SVG read the same words.

import { drawing } from "../lib/dom.js";
import { styleVar } from "./colors.js";

/** @type {Record<string, string>} */
const OUTLINES = {
  circle: "M1 0A1 1 0 1 1-1 0A1 1 0 1 1 1 0Z",
  square: "M-.88-.88H.88V.88H-.88Z",
  triangle: "M0-1.15L1.1 .8H-1.1Z",
  "triangle-down": "M0 1.15L1.1-.8H-1.1Z",
  diamond: "M0-1.3L1.15 0 0 1.3-1.15 0Z",
  plus: "M-.38-1.1H.38V-.38H1.1V.38H.38V1.1H-.38V.38H-1.1V-.38H-.38Z",
  cross:
    "M-1.05-.52L-.52-1.05 0-.53 .52-1.05 1.05-.52 .53 0 1.05 .52 .52 1.05 0 .53-.52 " +
    "1.05-1.05 .52-.53 0Z",
  star: "M0-1.3L.38-.45 1.24-.4 .58 .17 .8 1.05 0 .57-.8 1.05-.58 .17-1.24-.4-.38-.45Z",
  hexagon: "M1.1 0L.55 .95H-.55L-1.1 0-.55-.95H.55Z",
  pentagon: "M0-1.15L1.1-.35 .68 .93H-.68L-1.1-.35Z",
};

/** @type {Map<string, Path2D>} */
const shapes = new Map();

/**
 * @param {string | undefined} name
 * @param {PathKind} Path
 * @returns {Path2D}
 */
export function symbolPath(name, Path = Path2D) {
  const outline = OUTLINES[name ?? "circle"] ?? OUTLINES.circle;
  if (Path !== Path2D) return new Path(outline);
  const known = shapes.get(outline);
  if (known) return known;
  const built = new Path2D(outline);
  shapes.set(outline, built);
  return built;
}

// A legend's key: a bit of the line with the symbol on it, in the style's own color.
/**
 * @param {string} name
 * @param {Partial<Style>} style
 * @param {{ dashed?: boolean, line?: boolean }} look
 */
export function swatch(name, style = {}, { dashed = false, line = true } = {}) {
  const color = `var(${styleVar(name)}, var(--text))`;
  const outline = OUTLINES[style.symbol ?? "circle"] ?? OUTLINES.circle;
  const stroke = `stroke="${color}" stroke-width="${style.width ?? 2.5}"`;
  const dash = dashed ? 'stroke-dasharray="5 4"' : "";
  const fill = dashed ? `fill="var(--paper)" ${stroke}` : `fill="${color}"`;
  return drawing(
    (line ? `<line x1="0" y1="8" x2="32" y2="8" ${stroke} ${dash}/>` : "") +
      `<path transform="translate(16 8) scale(4.6)" d="${outline}" ${fill} ` +
      'vector-effect="non-scaling-stroke"/>',
    line ? "0 0 32 16" : "8 0 16 16",
    line ? "swatch" : "swatch short",
  );
}

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

// What a key shows of a trace, by its kind: it looks as the trace does on the plane.
/** @type {Partial<Record<Trace["kind"], KeySign[]>>} */
const SIGNS = {
  path: ["line", "symbol"],
  curve: ["line"],
  fit: ["line"],
  area: ["area"],
  heat: ["area"],
  ellipses: ["ellipse"],
  "ellipse-at": ["ellipse"],
  arrows: ["arrow"],
};

/** @param {Trace["kind"][]} kinds */
export const signsOf = (kinds) => {
  const found = new Set(kinds.flatMap((kind) => SIGNS[kind] ?? ["symbol"]));
  if (found.has("line")) found.delete("ellipse"); // in a small key one would hide the other
  return ALL.filter((sign) => found.has(sign));
};

// In a box of 28 by 16 about 0, the lowest first.
/** @type {KeySign[]} */
const ALL = ["area", "ellipse", "line", "arrow", "symbol"];
const ELLIPSE = "M11 0A11 6.5 0 1 1-11 0A11 6.5 0 1 1 11 0Z";
/** @type {Record<Exclude<KeySign, "symbol">, KeyPath[]>} */
const DRAWN = {
  area: [{ d: "M-12-6.5H12V6.5H-12Z", fill: true, alpha: 0.42 }],
  ellipse: [
    { d: ELLIPSE, fill: true, alpha: 0.12 },
    { d: ELLIPSE, line: true },
  ],
  line: [{ d: "M-14 0H14", line: true }],
  arrow: [
    { d: "M-14 0H5", line: true },
    { d: "M14 0L3 5.5V-5.5Z", fill: true },
  ],
};

/** @typedef {{ d: string, size?: number, alpha?: number, fill?: boolean, line?: boolean,
 *   open?: boolean, dashed?: boolean }} KeyPath */

/**
 * The paths of a key: each is filled or is a line; an open symbol is both.
 *
 * @param {KeyLook} look
 * @returns {KeyPath[]}
 */
export const keyPaths = ({ signs, dashed, open, symbol }) => {
  const d = OUTLINES[symbol ?? "circle"] ?? OUTLINES.circle;
  /** @type {Record<KeySign, KeyPath[]>} */
  const known = { ...DRAWN, symbol: [{ d, size: 4.6, fill: true, open }] };
  return signs.flatMap((sign) =>
    known[sign].map((path) => ({ ...path, dashed: dashed && path.line })),
  );
};

// A key in the legend, the meter and the controls, in the style's own color.
/**
 * @param {string} name
 * @param {Partial<Style>} style
 * @param {Partial<KeyLook>} look
 */
export function swatch(name, style = {}, { signs = ["line", "symbol"], ...look } = {}) {
  const color = `var(${styleVar(name)}, var(--text))`;
  const stroke = `stroke="${color}" stroke-width="${style.width ?? 2.5}"`;
  const short = signs.every((sign) => sign === "symbol");
  const paths = keyPaths({ symbol: style.symbol, signs, ...look }).map(
    ({ d, fill, line, open, dashed, alpha = 1, size = 1 }) =>
      `<path transform="scale(${size})" d="${d}" opacity="${alpha}" ` +
      `fill="${open ? "var(--paper)" : fill ? color : "none"}" ` +
      `${line || open ? stroke : ""} ${dashed ? 'stroke-dasharray="5 4"' : ""} ` +
      'vector-effect="non-scaling-stroke"/>',
  );
  return drawing(
    paths.join(""),
    short ? "-8 -8 16 16" : "-14 -8 28 16",
    short ? "swatch short" : "swatch",
  );
}

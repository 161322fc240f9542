// Round numbers along an axis, and the elements that show them (kept in a pool and moved, so that a
// plane whose view changes while A is dragged rebuilds nothing).

import { make, setAttribute, setText } from "../lib/dom.js";
import { show } from "../lib/number_format.js";

/**
 * @param {number} span
 * @param {number} wanted how many marks, about
 */
export function niceStep(span, wanted = 6) {
  const raw = span / wanted;
  const base = 10 ** Math.floor(Math.log10(raw));
  const part = raw / base;
  return base * (part < 1.5 ? 1 : part < 3.2 ? 2 : part < 6.5 ? 5 : 10);
}

/**
 * The step on a plane, whose labels must not touch each other.
 *
 * @param {number} span
 * @param {number} side in CSS pixels
 * @param {number} [type] the size of the page's type
 */
export const stepOn = (span, side, type = 15) =>
  niceStep(span, Math.min(6, Math.max(2, side / (2.4 * type))));

/**
 * @param {number} low
 * @param {number} high
 * @param {number} step
 */
export function niceTicks(low, high, step) {
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    found.push(i * step);
  return found;
}

// Where an axis is marked and what stands there: at the places given, or at round numbers.
/**
 * @param {number} low
 * @param {number} high
 * @param {number} step
 * @param {Tick[]} [given]
 * @returns {Tick[]}
 */
export function marks(low, high, step, given) {
  if (given) return given;
  return niceTicks(low, high, step).map((value) => [value, label(value, step)]);
}

/** @param {number} size */
const order = (size) => Math.floor(Math.log10(size) + 1e-9);

/**
 * @param {number} value
 * @param {number} step
 */
const label = (value, step) => {
  if (Math.abs(value) < step * 1e-6) return "0";
  const places = Math.max(0, -order(step));
  const size = Math.abs(value);
  if (size < 1e6 && (places <= 5 || size >= 1e-3)) return value.toFixed(places).replace("-", "−");
  return show(value, Math.max(1, order(size) - order(step) + 1)); // as many digits as tell two apart
};

/** @param {"x" | "y"} axis */
export function makeTicks(axis) {
  const box = make("div", { class: `ticks ${axis}`, "aria-hidden": "true" });
  /** @type {HTMLElement[]} */
  const pool = [];
  return {
    box,
    /**
     * @param {number} low
     * @param {number} high
     * @param {Tick[]} placed
     * @param {number} side
     */
    show(low, high, placed, side) {
      placed.forEach(([value, text], i) => {
        if (!pool[i]) box.append((pool[i] = make("span", {}, "")));
        const at = ((side * (value - low)) / (high - low)).toFixed(1);
        const place = axis === "x" ? `${at}px 0` : `0 ${-at}px`;
        setText(pool[i], text);
        setAttribute(pool[i], "style", `translate:${place}`); // moved without a layout
      });
      pool.forEach((span, i) => i >= placed.length && setAttribute(span, "style", "opacity:0"));
    },
  };
}

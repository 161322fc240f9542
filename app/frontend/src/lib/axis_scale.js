// A graph's axis: the number at a position from 0 to 1, and the position of a number.

/** @typedef {[number, number, boolean]} Scale low, high, and whether it is logarithmic */

/**
 * @param {number} at
 * @param {Scale} scale
 */
export const valueAt = (at, [low, high, log]) =>
  log ? low * (high / low) ** at : low + (high - low) * at;

/**
 * @param {number} value
 * @param {Scale} scale
 */
export const placeOf = (value, [low, high, log]) =>
  log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);

/** @type {Scale[]} */
const PLAIN = [
  [0, 1, false],
  [0, 1, false],
]; // of a plane that is drawn in its own numbers

/**
 * Points of a plane, first and second axis in turn, as they lie once its axes have other scales.
 *
 * @param {Numbers} points
 * @param {Scale[]} [from]
 * @param {Scale[]} [to]
 * @returns {Numbers}
 */
export function rescaled(points, from = PLAIN, to = PLAIN) {
  if (JSON.stringify(from) === JSON.stringify(to)) return points;
  return points.map((at, i) => placeOf(valueAt(at, from[i % 2]), to[i % 2]));
}

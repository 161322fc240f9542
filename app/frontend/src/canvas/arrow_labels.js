// Where the labels of arrows stand: beyond the heads, whole on the plane, and beside one another.

/**
 * @typedef {object} Label
 * @property {string} text
 * @property {number} x0
 * @property {number} y0
 * @property {number} x1
 * @property {number} y1
 *
 * @typedef {object} Placed
 * @property {number} x of the end that is at the arrow
 * @property {number} y of the baseline
 * @property {boolean} right whether the text runs to the right from there
 */

/**
 * Each label moves up or down, line by line, until it covers none before it; where there is no room
 * on the plane it stays.
 *
 * @param {Label[]} labels each with its arrow from (x0, y0) to (x1, y1)
 * @param {number} side of the plane
 * @param {number} em size of the text
 * @returns {Placed[]}
 */
export function placeLabels(labels, side, em) {
  /** @type {[number, number, number][]} */
  const taken = []; // left, right, baseline
  return labels.map(({ text, x0, y0, x1, y1 }) => {
    const length = Math.hypot(x1 - x0, y1 - y0);
    const right = x1 >= x0;
    const wide = 0.6 * em * text.replace(/[⺀-￿]/g, "00").length; // about; Chinese is wider
    const beyond = x1 + ((x1 - x0) / length) * 0.5 * em + (right ? 5 : -5);
    const x = right
      ? Math.max(4, Math.min(side - 4 - wide, beyond))
      : Math.min(side - 4, Math.max(4 + wide, beyond));
    const [from, to] = right ? [x, x + wide] : [x - wide, x];
    const [top, bottom] = [em, side - 6];
    const wish = Math.max(top, Math.min(bottom, y1 + ((y1 - y0) / length) * 0.5 * em + 0.3 * em));
    const away = y1 > y0 ? em : -em;
    const steps = [0, 1, -1, 2, -2, 3, -3, 4, -4].map((step) => wish + step * away);
    const free = steps.find(
      (y) =>
        y >= top &&
        y <= bottom &&
        !taken.some(([a, b, v]) => from < b && to > a && Math.abs(v - y) < 0.95 * em),
    );
    const y = free ?? wish;
    taken.push([from, to, y]);
    return { x, y, right };
  });
}

/**
 * Whether some of an arrow may be on the plane: an arrow beyond an edge has no label there.
 *
 * @param {Pick<Label, "x0" | "y0" | "x1" | "y1">} arrow
 * @param {number} side of the plane
 */
export const onPlane = ({ x0, y0, x1, y1 }, side) =>
  [
    [x0, x1],
    [y0, y1],
  ].every((ends) => Math.max(...ends) > 0 && Math.min(...ends) < side);

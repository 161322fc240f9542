// The part of Path2D that the front end uses: lines, and outlines given as SVG writes them.

const DECIMALS = 2; // in pixels of the drawing

/** @param {number} value */
export const short = (value) => String(Number(value.toFixed(DECIMALS)));

export class SvgPath {
  constructor(d = "") {
    this.d = d;
    /** @type {[string, Point[]][]} */
    this.steps = [];
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  moveTo(x, y) {
    this.add("M", [[x, y]]);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  lineTo(x, y) {
    this.add("L", [[x, y]]);
  }

  closePath() {
    this.add("Z", []);
  }

  /**
   * @param {string} letter
   * @param {Point[]} points
   */
  add(letter, points) {
    this.steps.push([letter, points]);
    this.d += letter + points.map(([x, y]) => `${short(x)} ${short(y)}`).join(" ");
  }

  /**
   * @param {SvgPath} path
   * @param {DOMMatrix} matrix
   */
  addPath({ steps }, { a, b, c, d, e, f }) {
    /**
     * @param {Point} point
     * @returns {Point}
     */
    const place = ([x, y]) => [a * x + c * y + e, b * x + d * y + f];
    for (const [letter, points] of steps) this.add(letter, points.map(place));
  }
}

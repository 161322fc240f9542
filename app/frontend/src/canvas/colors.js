// Every color the canvas needs, read from the style sheet once a theme.

import { contextOf } from "../lib/dom.js";

const BANDS = ["--band-low", "--band-high"]; // lightness chroma hue, even steps in OKLCH
const HEAT = ["--heat-low", "--heat-high"];

// Colors as [r, g, b], as the browser itself computes them.
/**
 * @param {string[]} css
 * @returns {Uint8ClampedArray[]}
 */
function bytes(css) {
  const canvas = document.createElement("canvas");
  canvas.width = css.length;
  canvas.height = 1;
  const context = contextOf(canvas, { willReadFrequently: true });
  css.forEach((color, i) => {
    context.fillStyle = color;
    context.fillRect(i, 0, 1, 1);
  });
  const { data } = context.getImageData(0, 0, css.length, 1);
  return css.map((_, i) => data.subarray(4 * i, 4 * i + 3));
}

// The CSS variable that holds a style's color, so that a change of theme recolors without a redraw.
/** @param {string} name */
export const styleVar = (name) => `--style-${name.replaceAll(" ", "-")}`;

/**
 * @param {HTMLElement} root
 * @param {Record<string, Style>} styles
 */
export function makePalette(root, styles) {
  /** @type {Map<string, string>} */
  let colors = new Map();
  /** @type {Set<string> | null} */
  let lit = null; // styles that stand out; the others step back
  /** @type {number[][]} */
  let ends = [];
  /** @type {() => { ramp: Uint8ClampedArray[], none: Uint8ClampedArray }} */
  let heat = () => ({ ramp: [], none: new Uint8ClampedArray(3) });
  /** @type {Map<string, Uint8ClampedArray[]>} */
  let two = new Map(); // ramps between two styles
  let version = 0; // how often colors have changed
  let surest = 0; // percent of a style at the ends of such a ramp

  function read() {
    version++;
    const computed = getComputedStyle(root);
    const dark = root.dataset.theme === "dark";
    for (const [name, style] of Object.entries(styles)) {
      root.style.setProperty(styleVar(name), dark ? style.dark : style.light);
    }
    const names = ["paper", "text", "soft", "rule", "grid", "contour", "axis", "start"];
    colors = new Map(names.map((name) => [name, computed.getPropertyValue(`--${name}`).trim()]));
    for (const [name, style] of Object.entries(styles))
      colors.set(name, dark ? style.dark : style.light);
    /** @param {string} name */
    const triple = (name) => computed.getPropertyValue(name).trim().split(/\s+/).map(Number);
    ends = BANDS.map(triple);
    surest = Number(computed.getPropertyValue("--heat-share"));
    two = new Map();
    heat = () => {
      const [low, high] = HEAT.map(triple);
      const shades = Array.from({ length: 256 }, (_, i) => between(low, high, i / 255));
      const found = {
        ramp: bytes(shades),
        none: bytes([computed.getPropertyValue("--heat-none")])[0],
      };
      heat = () => found; // computed once a theme, and only where a map is drawn
      return found;
    };
  }

  /**
   * @param {number[]} low
   * @param {number[]} high
   * @param {number} part
   */
  const between = (low, high, part) => {
    const [l, c, h] = low.map((from, i) => from + (high[i] - from) * part);
    return `oklch(${l.toFixed(4)} ${c.toFixed(4)} ${h.toFixed(1)})`;
  };

  // From one style over the paper to the other: full colors would hide what is drawn on top.
  /**
   * @param {string[]} pair
   * @param {number} part
   */
  const half = (pair, part) => {
    const share = (surest * Math.abs(2 * part - 1)).toFixed(2);
    const color = colors.get(pair[part < 0.5 ? 0 : 1]);
    return `color-mix(in oklab, ${color} ${share}%, ${colors.get("paper")})`;
  };

  return {
    read,
    /**
     * @param {string} name
     * @returns {string}
     */
    color(name) {
      const color = colors.get(name) ?? colors.get("text") ?? "";
      if (!lit || !(name in styles) || lit.has(name)) return color;
      return `color-mix(in srgb, ${color} 22%, ${colors.get("paper")})`;
    },
    // A color of its own and not a thin coat: coats add up where a line crosses itself.
    /** @param {string} name */
    pale(name) {
      return `color-mix(in srgb, ${this.color(name)} 45%, ${colors.get("paper")})`;
    },
    /** @param {Iterable<string> | null} names */
    light(names) {
      lit = names && new Set(names);
      version++;
    },
    /** @param {string} name */
    lit: (name) => lit?.has(name) ?? false,
    version: () => version,
    // Lines of the ground are drawn thinly, whatever their style: the runs stand out before them.
    /** @param {string} name */
    faint: (name) => (name in styles ? 0.3 : 1),
    /**
     * @param {string} name
     * @returns {Partial<Style>}
     */
    style: (name) => styles[name] ?? {},
    // Lowest loss deepest, highest loss paper: what lies beyond the last band joins it unseen.
    /**
     * @param {number} index
     * @param {number} count
     */
    band(index, count) {
      return between(ends[0], ends[1], count > 1 ? index / (count - 1) : 0);
    },
    /**
     * @param {string[]} [styles]
     * @returns {Uint8ClampedArray[]}
     */
    ramp(styles) {
      if (!styles) return heat().ramp;
      const key = styles.join();
      const known = two.get(key);
      if (known) return known;
      const built = bytes(Array.from({ length: 256 }, (_, i) => half(styles, i / 255)));
      two.set(key, built);
      return built;
    },
    none: () => heat().none,
  };
}

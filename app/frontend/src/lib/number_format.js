// Numbers as people read them: three significant digits, a true minus sign, exponents as ×10ⁿ.

/** @type {Record<string, string>} */
const RAISED = {
  "-": "⁻",
  0: "⁰",
  1: "¹",
  2: "²",
  3: "³",
  4: "⁴",
  5: "⁵",
  6: "⁶",
  7: "⁷",
  8: "⁸",
  9: "⁹",
};

/** @param {string} text */
const minus = (text) => text.replace("-", "−");

/**
 * Ten to a whole power.
 *
 * @param {number} exponent
 */
export function power(exponent) {
  return "10" + [...String(exponent)].map((c) => RAISED[c]).join("");
}

/**
 * A number as people read it; "–" where there is none.
 *
 * @param {unknown} value
 * @param {number} digits significant ones
 * @returns {string}
 */
export function show(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const rounded = size >= 1000 ? Math.round(size) : Number(size.toPrecision(digits));
  if (rounded !== 0 && (rounded >= 1e5 || rounded < 1e-3)) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    return minus(String(Number(mantissa))) + "×" + power(Number(exponent));
  }
  if (size >= 1000) return minus(String(Math.round(value)));
  return minus(String(Number(value.toPrecision(digits))));
}

const WIDEST = 7; // characters that a box has room for

// What stands in a box that is typed into: plain ASCII, no digit that a float would invent, and
// none that the box would cut off. What is not retyped keeps all its digits.
/** @param {unknown} value */
export function typed(value) {
  if (typeof value !== "number") return String(value ?? "");
  const small = value !== 0 && Math.abs(value) < 1e-4;
  for (let digits = Number.isInteger(value) ? WIDEST : WIDEST - 1; digits > 1; digits--) {
    const rounded = Number(value.toPrecision(digits));
    const texts = small ? [] : [String(rounded)];
    texts.push(rounded.toExponential());
    const fits = texts.map((text) => text.replace("e+", "e")).find((t) => t.length <= WIDEST);
    if (fits !== undefined) return fits;
  }
  return value.toExponential(0).replace("e+", "e");
}

/**
 * A number or a simple fraction; NaN if it is neither. Any dash is a minus, the decimal mark is a
 * point or a comma, and all of it may be full-width, as an input method types it. A power of ten may
 * be written as the page writes it, 2×10⁻⁴, so that a number that is shown can be copied.
 *
 * @param {string} text
 */
export function parse(text) {
  const plain = text
    .replace(/(?<=\d)[⁻⁰¹²³⁴-⁹]+/, "^$&")
    .normalize("NFKC")
    .trim()
    .replace(/[\p{Dash}ー]/gu, "-")
    .replace(/[,。、]/, ".")
    .replace(/(?:([\d.]+) *[×·*] *)?10\^(-?\d+)$/, (_, digits, power) => `${digits ?? 1}e${power}`);
  const [top, bottom, ...more] = plain
    .split("/")
    .map((part) => (part.trim() === "" ? NaN : Number(part)));
  const value = bottom === undefined ? top : top / bottom;
  return more.length || !Number.isFinite(value) ? NaN : value;
}

// Rounded to a grain of the form 10^n, without the float's tail.
/**
 * @param {number} value
 * @param {number} grain
 */
export function round(value, grain) {
  const places = Math.max(0, Math.min(12, -Math.floor(Math.log10(grain))));
  return Number(value.toFixed(places));
}

/**
 * A number written without an exponent, as ARIA reads it.
 *
 * @param {number} value
 * @returns {string}
 */
export function decimal(value) {
  return String(value).includes("e") ? value.toFixed(12).replace(/\.?0+$/, "") : String(value);
}

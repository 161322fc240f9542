// Numbers as people read them: three significant digits, a true minus sign, exponents as ×10ⁿ.

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

const minus = (text) => text.replace("-", "−");

export function power(exponent) {
  return "10" + [...String(exponent)].map((c) => RAISED[c]).join("");
}

export function show(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    return minus(String(Number(mantissa))) + "×" + power(Number(exponent));
  }
  if (size >= 1000) return minus(String(Math.round(value)));
  return minus(String(Number(value.toPrecision(digits))));
}

const WIDEST = 7; // characters that a box has room for

// What stands in a box that is typed into: plain ASCII, no digit that a float would invent, and
// none that the box would cut off. What is not retyped keeps all its digits.
export function typed(value) {
  if (typeof value !== "number") return String(value ?? "");
  if (value && Math.abs(value) < 1e-4) return Number(value.toPrecision(3)).toExponential();
  const texts = [6, 5, 4, 3, 2].map((digits) => String(Number(value.toPrecision(digits))));
  return texts.find((text) => text.length <= WIDEST) ?? texts[0];
}

// A number or a simple fraction, with either minus and either decimal mark; NaN if it is neither.
export function parse(text) {
  const plain = text.trim().replace(/−/g, "-").replace(",", ".");
  const [top, bottom, ...more] = plain
    .split("/")
    .map((part) => (part.trim() === "" ? NaN : Number(part)));
  const value = bottom === undefined ? top : top / bottom;
  return more.length || !Number.isFinite(value) ? NaN : value;
}

// Rounded to a grain of the form 10^n, without the float's tail.
export function round(value, grain) {
  const places = Math.max(0, Math.min(12, -Math.floor(Math.log10(grain))));
  return Number(value.toFixed(places));
}

// Round numbers along an axis, and the elements that show them (kept in a pool and moved, so that a
// plane whose view changes while A is dragged rebuilds nothing).

import { make, setAttribute, setText } from "../lib/dom.js";
import { show } from "../lib/number_format.js";

export function niceStep(span, wanted = 6) {
  const raw = span / wanted;
  const base = 10 ** Math.floor(Math.log10(raw));
  const part = raw / base;
  return base * (part < 1.5 ? 1 : part < 3.2 ? 2 : part < 6.5 ? 5 : 10);
}

export function niceTicks(low, high, step) {
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    found.push(i * step);
  return found;
}

// Where an axis is marked and what stands there: at the places given, or at round numbers.
export function marks(low, high, step, given) {
  if (given) return given;
  return niceTicks(low, high, step).map((value) => [value, label(value, step)]);
}

const label = (value, step) => {
  if (Math.abs(value) < step * 1e-6) return "0";
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (places > 5 || Math.abs(value) >= 1e6) return show(value, 4);
  return value.toFixed(places).replace("-", "−");
};

export function makeTicks(axis) {
  const box = make("div", { class: `ticks ${axis}`, "aria-hidden": "true" });
  const pool = [];
  return {
    box,
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

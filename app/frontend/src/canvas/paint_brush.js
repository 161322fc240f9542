// Points painted on a plane: a press puts one down, a stroke more of them, a pointer's width apart.
// A finger's tap puts one, for its stroke scrolls the page. By keys a cross is moved, and Enter
// puts one. Each ask has the whole stroke so far: only the newest ask is sure to be sent.

import { make, setText, targetOf } from "../lib/dom.js";
import { show } from "../lib/number_format.js";

const APART = 9; // px
/** @type {Record<string, Point>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @typedef {{ offsetX: number, offsetY: number }} Spot
 *
 * @param {Pick<PlaneView, "frame" | "side" | "labels">} plane
 * @param {object} page
 * @param {() => string | undefined} page.field what a stroke sets
 * @param {(spot: Spot) => Point} page.placeOf
 * @param {AskFor} page.ask
 */
export function makeBrush(plane, { field, placeOf, ask }) {
  const { frame } = plane;
  const words = make("span");
  const cross = make("div", { class: "cross", role: "status", hidden: true }, words);
  /** @type {Point[] | null} */
  let stroke = null;
  let last = [0, 0];
  let keyed = [0.5, 0.5]; // where the cross stands, in sides of the plane

  /** @param {Spot} event */
  const put = (event) => {
    if (!stroke) return;
    last = [event.offsetX, event.offsetY];
    stroke.push(placeOf(event));
    ask({ [String(field())]: stroke });
  };
  /** @param {Spot} event */
  const dab = (event) => {
    stroke = [];
    put(event);
    stroke = null;
  };
  /** @param {Event} event */
  const paints = (event) => field() && targetOf(event).tagName === "CANVAS";

  frame.addEventListener("pointerdown", (event) => {
    if (!paints(event) || event.button > 0 || event.pointerType === "touch") return;
    targetOf(event).setPointerCapture(event.pointerId);
    stroke = [];
    put(event);
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => {
    if (!stroke || !field()) return;
    if (Math.hypot(event.offsetX - last[0], event.offsetY - last[1]) >= APART) put(event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    frame.addEventListener(end, () => (stroke = null));
  }
  frame.addEventListener("click", (event) => {
    if (paints(event) && event instanceof PointerEvent && event.pointerType === "touch") dab(event);
  });

  const underKeys = () => ({ offsetX: keyed[0] * plane.side(), offsetY: keyed[1] * plane.side() });
  frame.addEventListener("keydown", (event) => {
    if (!field() || event.target !== frame || event.ctrlKey || event.altKey) return;
    const way = MOVES[event.key];
    if (way) {
      const step = event.shiftKey ? 0.01 : 0.05;
      keyed = keyed.map((v, i) => Math.max(0, Math.min(1, v + way[i] * step)));
    } else if (event.key === "Enter" || event.key === " ") dab(underKeys());
    else return;
    const spot = underKeys();
    cross.hidden = false;
    cross.style.translate = `${spot.offsetX.toFixed(1)}px ${spot.offsetY.toFixed(1)}px`;
    cross.classList.toggle("left", keyed[0] > 0.5);
    setText(
      words,
      placeOf(spot)
        .map((v, i) => `${plane.labels()[i]} = ${show(v)}`)
        .join(", "),
    );
    event.preventDefault();
    event.stopPropagation();
  });
  frame.addEventListener("blur", () => (cross.hidden = true));

  return cross;
}

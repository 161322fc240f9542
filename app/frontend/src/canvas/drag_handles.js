// What can be dragged on a plane: focusable elements above the canvas, for pointer, touch and keys.
// A handle moves at once with the pointer; the kernel's word on where it stands comes after.

import { make, setAttribute, setText } from "../lib/dom.js";
import { listenMoves } from "../lib/early_moves.js";
import { decimal, round, show } from "../lib/number_format.js";
import { styleVar } from "./colors.js";
import { say } from "../i18n/en.js";

/** @type {Record<string, Point>} */
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const DIGITS = "₀₁₂₃₄₅₆₇₈₉";

// What stands beside a handle: a1 is the first column of A.
/** @param {Handle} handle */
export const tagOf = ({ id, tag }) =>
  tag ?? id.replace(/^a(\d)$/, (_, d) => `a${DIGITS[d]}`).replace(/^start.*/, "");

/**
 * @typedef {object} Held
 * @property {Handle} spec
 * @property {number[] | null} own where the reader put it
 * @property {boolean} dragging
 * @property {() => void} [drop] lets it go, while it is dragged
 * @property {HTMLElement} element
 * @property {HTMLElement} tag
 * @property {string} [where]
 *
 * @param {Pick<PlaneView, "frame" | "side" | "labels" | "view" | "value">} plane
 * @param {Host} host
 */
export function makeHandles(plane, { ask, redraw, busy }) {
  const box = make("div", { class: "handles" });
  /** @type {Map<string, Held>} */
  const held = new Map(); // id → {spec, element, own: where the reader put it, dragging}
  /** @type {Set<Held>} */
  const moved = new Set(); // since the last frame

  const span = () => plane.view()[1] - plane.view()[0];

  /**
   * @param {Held} handle
   * @param {number[]} at
   */
  function tell(handle, at) {
    const { field, from = [0, 0], scale = 1 } = handle.spec;
    const grain = 10 ** Math.floor(Math.log10(span() / plane.side())); // no finer than a pixel
    handle.own = at;
    const places = at.map((v, i) => round((v - from[i]) / scale, grain / Math.abs(scale)));
    ask({ [field]: places.map((v, i) => Number(plane.value(i, v).toPrecision(12))) });
    moved.add(handle); // it is placed once a frame, however many moves of the pointer are heard
    redraw();
  }

  // In pixels of the plane. A handle outside the view waits at the edge, where it can still be taken.
  /** @param {Held} handle */
  function spotOf(handle) {
    const at = handle.own ?? handle.spec.at;
    const [x0, x1, y0, y1] = plane.view();
    const side = plane.side();
    const spot = [(side * (at[0] - x0)) / (x1 - x0), (side * (y1 - at[1])) / (y1 - y0)];
    return spot.map((v) => Math.max(0, Math.min(side, v)));
  }

  /** @param {Held} handle */
  function place(handle) {
    const at = handle.own ?? handle.spec.at;
    const where = spotOf(handle)
      .map((v) => `${v.toFixed(1)}px`)
      .join(" ");
    if (handle.where !== where) handle.element.style.translate = handle.where = where; // no layout
    const names = plane.labels();
    const fine = span() / plane.side() / 1000; // what is less is a rounding error, and 0
    const said = at.map((v, i) => plane.value(i, round(v, fine)));
    const words = said.map((v, i) => `${names[i]} ${show(v)}`).join(", ");
    setAttribute(handle.element, "aria-valuetext", words);
    setAttribute(handle.element, "aria-valuenow", decimal(Number(said[0].toPrecision(4))));
  }

  /**
   * @param {Handle} spec
   * @returns {Held}
   */
  function create(spec) {
    const tag = make("span", { class: "tag", "aria-hidden": "true" });
    const element = make(
      "div",
      {
        class: `handle ${spec.from ? "tip" : "spot"}`,
        role: "slider",
        tabindex: "0",
        "data-handle": spec.id,
        "aria-roledescription": say("point"),
        "aria-keyshortcuts": "ArrowUp ArrowDown ArrowLeft ArrowRight",
      },
      make("span", { class: "dot" }),
      tag,
    );
    /** @type {Held} */
    const handle = { spec, own: null, dragging: false, element, tag };
    setText(tag, tagOf(spec));
    element.style.setProperty("--own", `var(${styleVar(spec.style)}, var(--start))`);
    element.addEventListener("pointerdown", (event) => grab(nearest(handle, event), event));
    element.addEventListener("keydown", (event) => nudge(handle, event));
    return handle;
  }

  /**
   * Of handles that lie one over another, the one that is meant.
   *
   * @param {Held} pressed
   * @param {PointerEvent} event
   */
  function nearest(pressed, { clientX, clientY }) {
    const { left, top } = plane.frame.getBoundingClientRect();
    /** @param {Held} handle */
    const away = (handle) => {
      const [x, y] = spotOf(handle);
      return Math.hypot(left + x - clientX, top + y - clientY);
    };
    return [...held.values()].reduce((best, it) => (away(it) < away(best) ? it : best), pressed);
  }

  /**
   * @param {Held} handle
   * @param {PointerEvent} event
   */
  function grab(handle, event) {
    if (event.button > 0) return;
    const { element } = handle;
    handle.drop?.(); // of two fingers the later one leads it
    let frame = plane.frame.getBoundingClientRect(); // not read while moving: no layout
    const view = plane.view();
    const scale = (view[1] - view[0]) / frame.width;
    const start = handle.own ?? handle.spec.at;
    const home = [event.clientX, event.clientY];
    element.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    handle.dragging = true;
    element.classList.add("held");
    let now = [...home];
    const follow = () =>
      tell(handle, [start[0] + (now[0] - home[0]) * scale, start[1] - (now[1] - home[1]) * scale]);
    const unlisten = listenMoves(element, (move) => {
      if (move.pointerId !== event.pointerId) return;
      now = [move.clientX, move.clientY];
      follow();
    });
    // The page moves below the pointer: home goes with it.
    const scrolled = () => {
      const before = frame;
      frame = plane.frame.getBoundingClientRect();
      home[0] += frame.left - before.left;
      home[1] += frame.top - before.top;
      follow();
    };
    const drop = (/** @type {Event} */ end) => {
      const { pointerId } = /** @type {PointerEvent} */ (end);
      if (pointerId === event.pointerId) letGo();
    };
    const letGo = () => {
      handle.dragging = false;
      handle.drop = undefined;
      element.classList.remove("held");
      unlisten();
      document.removeEventListener("scroll", scrolled, { capture: true });
      for (const end of ["pointerup", "pointercancel"]) element.removeEventListener(end, drop);
      settle();
    };
    handle.drop = letGo;
    document.addEventListener("scroll", scrolled, { capture: true }); // of the page, and of what it lies in
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, drop);
    event.preventDefault();
  }

  /**
   * @param {Held} handle
   * @param {KeyboardEvent} event
   */
  function nudge(handle, event) {
    const way = KEYS[event.key];
    if (!way) return;
    const at = handle.own ?? handle.spec.at;
    const step = span() * (event.shiftKey ? 0.002 : event.ctrlKey || event.altKey ? 0.1 : 0.02);
    tell(
      handle,
      at.map((v, i) => v + way[i] * step),
    );
    event.preventDefault();
    event.stopPropagation();
  }

  // Once everything asked is answered, a handle stands where the kernel says.
  function settle() {
    if (busy()) return;
    for (const handle of held.values()) {
      if (handle.dragging || !handle.own) continue;
      handle.own = null;
      for (const mark of ["aria-invalid", "data-wrong"]) setAttribute(handle.element, mark, null);
      place(handle);
      redraw();
    }
  }

  /**
   * @param {Handle[]} specs
   * @param {Record<string, string>} errors
   */
  function update(specs, errors) {
    const present = new Set(specs.map((spec) => spec.id));
    for (const [id, handle] of held) {
      if (present.has(id)) continue;
      handle.element.remove();
      held.delete(id);
    }
    for (const spec of specs) {
      const handle = held.get(spec.id) ?? create(spec);
      if (!held.has(spec.id)) {
        held.set(spec.id, handle);
        box.append(handle.element);
      }
      handle.spec = spec;
      setAttribute(handle.element, "aria-label", spec.label);
      const stem = spec.field.split(".")[0];
      const said =
        handle.own && Object.entries(errors).find(([field]) => field.split(".")[0] === stem);
      setAttribute(handle.element, "aria-invalid", said ? "true" : null);
      setAttribute(handle.element, "data-wrong", said ? said[1] : null);
      place(handle);
    }
    settle();
  }

  return {
    box,
    update,
    replace: () => held.forEach(place),
    /** Place what was moved since the last frame. */
    follow() {
      moved.forEach(place);
      moved.clear();
    },
    dragged: () => [...held.values()].some(({ dragging }) => dragging),
    settle,
    shown: () => [...held.values()].map((h) => ({ ...h.spec, at: h.own ?? h.spec.at })),
  };
}

// A symbol in the text or in a formula lights what it stands for in the picture, and back: while
// the pointer or the focus is on one of them, all else on the planes steps back. A tap on a symbol
// keeps its light until the next one. MathML holds nothing that could have the focus: for keys the
// symbols stand once more below the formulas, as buttons.

import { make, setAttribute, targetOf } from "../lib/dom.js";
import { say } from "../i18n/en.js";

/**
 * @param {HTMLElement} root
 * @param {LessonData} lesson
 * @param {{ palette: Palette, redraw: () => void }} page
 */
export function makeLights(root, { lights = {}, styles: known }, { palette, redraw }) {
  const stylesOf = new Map(Object.entries(lights));
  /** @param {Node | null | undefined} node */
  const textOf = (node) => (node?.textContent ?? "").replace("^", "\u0302");
  const buttons = [...stylesOf].map(([symbol, styles]) => {
    const names = styles.map((style) => known[style]?.label ?? style).join(say("list-joint"));
    const face = make("i", { class: "lights" }, symbol);
    return make(
      "button",
      { type: "button", class: "symbol", "aria-pressed": "false" },
      face,
      names,
    );
  });
  if (buttons.length) {
    const row = make(
      "div",
      { class: "symbols", role: "group", "aria-label": say("symbols") },
      ...buttons,
    );
    root.querySelector(".formulas")?.append(row);
  }
  const places = ["mi:not(mover *)", "mo:not(mover *)", "mover"]
    .flatMap((part) => [`.words ${part}`, `.formulas ${part}`])
    .concat(".symbols i")
    .join();
  /** @type {Element[]} */
  const symbols = [];
  /** @param {HTMLElement} part of the page that is new */
  function find(part) {
    const found = [...part.querySelectorAll(places)].filter((e) => stylesOf.has(textOf(e)));
    found.forEach((element) => element.classList.add("lights"));
    symbols.push(...found);
  }
  find(root);
  let shown = "";
  /** @type {string[]} */
  let kept = []; // the styles that stay lit

  /** @param {string[]} styles */
  function light(styles) {
    const key = styles.join();
    if (key === shown) return;
    shown = key;
    for (const element of symbols) {
      const lit = stylesOf.get(textOf(element))?.some((style) => styles.includes(style));
      element.classList.toggle("lit", Boolean(lit));
    }
    palette.light(styles.length ? styles : null);
    redraw();
  }

  /** @param {HTMLElement} target */
  const symbolAt = (target) =>
    target.closest?.(".symbol")?.firstChild ?? target.closest?.(".lights") ?? null;
  /** @param {HTMLElement} target */
  const stylesAt = (target) => {
    const symbol = symbolAt(target);
    if (symbol) return stylesOf.get(textOf(symbol)) ?? [];
    const named = /** @type {HTMLElement | null} */ (target.closest?.("[data-style]"));
    return named ? [String(named.dataset.style)] : kept;
  };
  /** @param {PointerEvent | FocusEvent} event */
  const over = (event) => ("buttons" in event && event.buttons) || light(stylesAt(targetOf(event)));
  const out = () => light(kept);
  /** @param {Event} event */
  const press = (event) => {
    const target = targetOf(event);
    if (target.closest("[data-claim], .derivation button")) return; // They light on their own.
    const symbol = symbolAt(target);
    const styles = (symbol && stylesOf.get(textOf(symbol))) ?? [];
    kept = styles === kept ? [] : styles;
    for (const button of buttons)
      setAttribute(
        button,
        "aria-pressed",
        String(stylesOf.get(textOf(button.firstChild)) === kept),
      );
    light(kept);
  };
  /** @type {Record<string, (event: any) => void>} */
  const heard = {
    pointerover: over,
    focusin: over,
    focusout: out,
    pointerleave: out,
    click: press,
  };
  for (const [type, listener] of Object.entries(heard)) root.addEventListener(type, listener);
  return {
    find,

    /**
     * What stays lit until something else does; nothing steps back if it is empty.
     *
     * @param {string[]} shows styles, "formula." and its id, or "meter"
     */
    keep(shows) {
      kept = shows.filter((name) => name in known);
      for (const element of root.querySelectorAll(".meter, .formula")) {
        const id = element instanceof HTMLElement && element.dataset.formula;
        element.classList.toggle("lit", shows.includes(id ? `formula.${id}` : "meter"));
      }
      light(kept);
    },
    stop() {
      for (const [type, listener] of Object.entries(heard))
        root.removeEventListener(type, listener);
    },
  };
}

// A term's definition, where the term first stands: shown while the pointer or the focus is on it;
// a tap keeps it until the next one or Escape.

import { freshId, make, targetOf } from "../lib/dom.js";

/**
 * @param {HTMLElement} root
 * @param {Record<string, string>} terms definitions as HTML
 */
export function makeTerms(root, terms) {
  const box = make("div", {
    class: "definition",
    role: "tooltip",
    id: freshId("term"),
    hidden: true,
  });
  root.append(box);
  /** @type {HTMLElement | null} */
  let kept = null;
  /** @type {HTMLElement | null} */
  let shown = null;

  /** @param {HTMLElement | null} term */
  function show(term) {
    if (term === shown) return;
    shown?.removeAttribute("aria-describedby");
    shown = term;
    box.hidden = !term;
    if (!term) return;
    box.innerHTML = terms[term.dataset.term ?? ""] ?? "";
    term.setAttribute("aria-describedby", box.id);
    const at = term.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const left = Math.max(8, Math.min(at.left, clientWidth - box.offsetWidth - 8));
    const below = at.bottom + 6 + box.offsetHeight < clientHeight;
    box.style.left = `${left}px`;
    box.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - box.offsetHeight - 6)}px`;
  }
  /** @param {Event} event */
  const termAt = (event) =>
    /** @type {HTMLElement | null} */ (targetOf(event).closest?.("[data-term]") ?? null);
  /** @param {Event} event */
  const over = (event) => {
    if (box.contains(targetOf(event))) return; // It can be read, and copied.
    show(termAt(event) ?? kept);
  };
  /** @param {Event} event */
  const press = (event) => {
    const term = termAt(event);
    kept = term && term !== kept && !term.closest("[data-claim]") ? term : null;
    show(kept);
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== "Escape" || !shown) return;
    kept = null;
    show(null);
    event.stopPropagation();
  };
  const hide = () => show((kept = null));
  /** @type {[string, (event: any) => void, boolean][]} */
  const heard = [
    ["pointerover", over, false],
    ["focusin", over, false],
    ["click", press, false],
    ["keydown", key, true],
    ["scroll", hide, true],
  ];
  for (const [type, act, early] of heard) root.addEventListener(type, act, early);
  return {
    stop() {
      for (const [type, act, early] of heard) root.removeEventListener(type, act, early);
    },
  };
}

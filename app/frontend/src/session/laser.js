// A red dot that follows the pointer, for showing with.

import { make } from "../lib/dom.js";

/** @param {HTMLElement} root */
export function makeLaser(root) {
  const dot = make("div", { class: "dot-of-light", "aria-hidden": "true", hidden: true });
  /** @param {PointerEvent} event */
  const move = ({ clientX, clientY }) => {
    dot.style.translate = `${clientX}px ${clientY}px`;
  };
  root.append(dot);
  return {
    toggle() {
      dot.hidden = !dot.hidden;
      root.classList.toggle("pointing", !dot.hidden);
      if (dot.hidden) root.removeEventListener("pointermove", move);
      else root.addEventListener("pointermove", move);
    },
    shown: () => !dot.hidden,
  };
}

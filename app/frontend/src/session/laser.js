// A red dot that follows the pointer, for showing with.

import { make } from "../lib/dom.js";

export function makeLaser(root) {
  const dot = make("div", { class: "dot-of-light", "aria-hidden": "true", hidden: true });
  const move = ({ clientX, clientY }) => {
    dot.style.translate = `${clientX}px ${clientY}px`;
  };
  root.append(dot);
  return {
    toggle() {
      dot.hidden = !dot.hidden;
      root.classList.toggle("pointing", !dot.hidden);
      root[dot.hidden ? "removeEventListener" : "addEventListener"]("pointermove", move);
    },
    shown: () => !dot.hidden,
  };
}

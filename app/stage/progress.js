// A picture that grows finer says how far it is, and can be told to stop.

import { make, setAttribute, setText } from "./dom.js";
import { say } from "./texts.js";

export function makeProgress({ refine }) {
  const bar = make("progress", { max: 1, "aria-label": say("fine") });
  const words = make("span");
  const button = make("button", { type: "button" }, say("stop"));
  const box = make("div", { class: "progress", hidden: true }, bar, words, button);
  let more = null;
  let stopped = false;
  button.addEventListener("click", () => {
    stopped = !stopped;
    setText(button, say(stopped ? "go-on" : "stop"));
    if (!stopped && more !== null) refine(more);
  });
  return {
    box,
    // After an answer was drawn: asks for the next part unless the reader is at something else.
    update({ more: next = null, progress = 1 }, busy) {
      more = next;
      if (box.hidden !== (next === null)) box.hidden = next === null;
      setAttribute(bar, "value", progress);
      setText(words, `${Math.round(100 * progress)} %`);
      if (next !== null && !stopped && !busy) refine(next);
    },
  };
}

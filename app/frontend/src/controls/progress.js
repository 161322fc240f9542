// A picture that grows (finer, or longer: a net that trains) says how far it is, and can be told to
// stop. It grows by being asked for, part by part: so stopping is not asking, and nobody waits.

import { make, setAttribute, setText } from "../lib/dom.js";
import { say } from "../i18n/en.js";

/**
 * @param {object} page
 * @param {(fine: number, how?: { one?: boolean }) => boolean} page.refine
 * @param {() => boolean} page.looked
 */
export function makeProgress({ refine, looked }) {
  const bar = make("progress", { max: 1, "aria-label": say("fine") });
  const words = make("span");
  const button = make("button", { type: "button" }, say("stop"));
  const box = make("div", { class: "progress", hidden: true }, bar, words, button);
  /** @type {number | null} */
  let more = null;
  let stopped = false;
  let steps = 0; // single steps that the reader asked for and that no answer has brought
  let asked = false; // whether one of them is on its way
  const step = () => {
    if (steps && !asked && more !== null) asked = refine(more, { one: true });
  };
  /** @param {boolean} busy */
  const next = (busy) => more !== null && !stopped && !busy && looked() && refine(more);
  button.addEventListener("click", () => {
    stopped = !stopped;
    steps = 0;
    setText(button, say(stopped ? "go-on" : "stop"));
    next(false);
  });
  return {
    box,
    // After an answer was drawn: asks for the next part unless the reader is at something else.
    /**
     * @param {Pick<Answer, "more" | "progress" | "word">} answer
     * @param {boolean} busy
     */
    update({ more: wanted, progress = 1, word }, busy) {
      more = wanted ?? null;
      if (box.hidden !== (more === null)) box.hidden = more === null;
      setAttribute(bar, "value", progress);
      setText(words, word ?? `${Math.round(100 * progress)} %`);
      if (asked) steps = Math.max(0, steps - 1); // a press of "go on" may have forgotten it
      if (more === null) steps = 0;
      asked = false;
      step();
      next(busy);
    },
    resume: next,
    held: () => stopped,
    // A single step more, of a run that was stopped: after the answer that is on its way, if there
    // is one. Returns whether there was one to take.
    one() {
      if (!stopped || more === null) return false;
      steps += 1;
      step();
      return true;
    },
  };
}

// The lecturer's mode: the picture fills the screen, with large type and thick lines, and under it
// one line of text a step. Nothing moves by itself: the lecturer goes on, by key, clicker, button
// or swipe.

import { disable, drawing, make, setText, targetOf } from "../lib/dom.js";
import { say } from "../i18n/en.js";

const SWIPE = 40; // px

const ARROWS = { last: '<path d="M11 2 4.5 8l6.5 6z"/>', next: '<path d="M5 2l6.5 6L5 14z"/>' };
const REPLAY = '<path d="M4 2.5v11l9.5-5.5z"/><path d="M1.5 2.5h1.4v11H1.5z"/>';

/**
 * @typedef {import("./talk_codec.js").Step} Step
 *
 * @param {object} page
 * @param {HTMLElement} page.root
 * @param {Shows} page.shows
 * @param {() => Step[]} page.steps
 * @param {(step: Step) => void} page.go
 * @param {() => void} page.replay
 * @param {(at: number | null) => void} page.changed
 * @param {() => void} page.captioned
 */
export function makePresenter({ root, shows, steps, go, replay, changed, captioned }) {
  /**
   * @param {string} icon
   * @param {string} label
   * @param {string} keys
   * @param {() => void} act
   */
  const button = (icon, label, keys, act) =>
    make(
      "button",
      { type: "button", "aria-label": label, title: `${label} (${keys})`, onclick: act },
      drawing(icon),
    );
  const line = make("p", { class: "line", "aria-live": "polite" });
  const count = make("span", { class: "count" });
  const last = button(ARROWS.last, say("key-last"), say("page-up"), () => walk(-1));
  const next = button(ARROWS.next, say("key-next"), say("page-down"), () => walk(1));
  const play = button(REPLAY, say("key-replay"), "r", replay);
  const box = make(
    "div",
    { class: "caption", role: "region", "aria-label": say("steps"), hidden: true },
    last,
    line,
    play,
    count,
    next,
  );
  let at = -1;

  function caption() {
    const step = steps()[at];
    const show = shows.get(step?.show ?? "");
    if (step?.say !== undefined) setText(line, step.say);
    else line.innerHTML = show?.html ?? "";
    captioned();
    setText(count, say("count", { at: at + 1, of: steps().length }));
    disable(last, at <= 0);
    disable(next, at >= steps().length - 1);
  }

  /** @param {number} way */
  function walk(way) {
    const to = Math.max(0, Math.min(steps().length - 1, at + way));
    if (to === at) return;
    at = to;
    caption();
    go(steps()[at]);
    changed(at);
  }

  /** @type {number | null} */
  let from = null;
  box.addEventListener("pointerdown", (event) => {
    from = targetOf(event).closest("button") ? null : event.clientX;
  });
  box.addEventListener("pointerup", ({ clientX }) => {
    const way = from === null ? 0 : clientX - from;
    from = null;
    if (Math.abs(way) > SWIPE) walk(way < 0 ? 1 : -1);
  });

  const shown = () => !box.hidden;
  /** @param {boolean} wanted */
  function dress(wanted) {
    box.hidden = !wanted;
    root.classList.toggle("presenting", wanted);
    root.classList.remove("panel");
  }
  // The browser leaves the full screen by Escape before we hear of the key.
  let full = false;
  const left = () => {
    const now = document.fullscreenElement === root;
    if (full && !now && shown()) leave();
    full = now;
  };
  document.addEventListener("fullscreenchange", left);

  function leave() {
    if (!shown()) return;
    dress(false);
    at = -1;
    if (document.fullscreenElement === root) document.exitFullscreen();
    changed(null);
  }

  return {
    box,
    shown,
    // From step `index`.
    /**
     * @param {number} index
     * @param {{ fullscreen?: boolean }} how
     */
    enter(index = 0, { fullscreen = false } = {}) {
      if (!steps().length) return;
      dress(true);
      at = Math.max(0, Math.min(steps().length - 1, index));
      caption();
      go(steps()[at]);
      changed(at);
      const focused = document.activeElement;
      if (focused instanceof HTMLElement) focused.blur(); // the arrows go on, until something is taken up
      if (fullscreen) this.full(true);
    },
    // As the address has it, which brings its own state: only the caption follows.
    /** @param {number | null} index */
    follow(index) {
      if (index === null) return leave();
      dress(true);
      at = index;
      caption();
    },
    leave,
    next: () => walk(1),
    last: () => walk(-1),
    // The step that is shown, as it was at first: its caption speaks of that.
    again: () => go(steps()[at]),
    panel: () => root.classList.toggle("panel"),
    full(wanted = document.fullscreenElement !== root) {
      if (!wanted) document.exitFullscreen?.();
      // What cannot fill the screen fills the window.
      else root.requestFullscreen?.({ navigationUI: "hide" }).catch(() => {});
    },
    stop: () => document.removeEventListener("fullscreenchange", left),
    refresh: () => shown() && caption(),
  };
}

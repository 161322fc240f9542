// Play, pause, step, scrub, speed, loop. Time lives here; the kernel never hears of it.

import { drawing, make, setAttribute, setText } from "../lib/dom.js";
import { say } from "../i18n/en.js";

const RATE = 24; // steps a second at speed 1
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const REST = 700; // ms at the end before a loop begins again

const BUTTONS = {
  play: '<path d="M4 2.5v11l9.5-5.5z"/>',
  pause: '<path d="M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z"/>',
  back: '<path d="M3 3h2v10H3zM13 3v10L6 8z"/>',
  forward: '<path d="M11 3h2v10h-2zM3 3v10l7-5z"/>',
  loop:
    '<path d="M3 7.5V6a2.5 2.5 0 0 1 2.5-2.5H11V1.2L14.6 4.4 11 7.6V5.3H5.5a.7.7 0 0 ' +
    "0-.7.7v1.5zM13 8.5V10a2.5 2.5 0 0 1-2.5 2.5H5v2.3L1.4 11.6 5 8.4v2.3h5.5a.7.7 0 0 0 " +
    '.7-.7V8.5z"/>',
};

/**
 * @param {object} page
 * @param {() => void} page.redraw
 * @param {(k: number) => void} page.onStep
 * @param {() => boolean} [page.onEnd] at the end one step more is wanted; whether there is one
 */
export function makeTransport({ redraw, onStep, onEnd = () => false }) {
  let steps = 0;
  let time = 0;
  let playing = false;
  let before = 0;
  let rested = 0;
  let shown = -1;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {keyof typeof BUTTONS} icon
   * @param {string} label
   * @param {string} keys
   * @param {() => void} act
   */
  const button = (icon, label, keys, act) =>
    make(
      "button",
      {
        type: "button",
        "aria-label": label,
        title: `${label} (${keys})`,
        "aria-keyshortcuts": keys,
        onclick: act,
      },
      drawing(BUTTONS[icon]),
    );
  const play = button("play", say("play"), "Space", () => toggle());
  const pauseIcon = drawing(BUTTONS.pause);
  const playIcon = /** @type {Node} */ (play.firstChild);
  play.classList.add("play");
  const scrub = make("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 1,
    "aria-label": say("step"),
    class: "scrub",
  });
  const place = make("span", { class: "place" });
  const spoken = make("output", { class: "unseen" }); // what is read aloud: the step at rest
  const speed = make(
    "select",
    { "aria-label": say("speed"), title: say("speed") },
    ...SPEEDS.map((s) => make("option", { value: s, selected: s === 1 }, `${s}×`)),
  );
  /** @type {HTMLButtonElement} */
  const loop = button("loop", say("loop"), "l", () =>
    setAttribute(loop, "aria-pressed", !looping()),
  );
  setAttribute(loop, "aria-pressed", false);
  const looping = () => loop.getAttribute("aria-pressed") === "true";
  const box = make(
    "div",
    { class: "transport", "data-part": "playback", role: "group", "aria-label": say("playback") },
    button("back", say("back"), ",", () => step(-1)),
    play,
    button("forward", say("forward"), ".", () => step(1)),
    make("span", { class: "track" }, scrub),
    make("span", { class: "at" }, place),
    spoken,
    speed,
    loop,
  );
  scrub.addEventListener("input", () => {
    pause();
    go(Number(scrub.value));
  });

  // Written only when the whole step changes; the ball itself glides between steps.
  function tell() {
    const k = Math.floor(time + 1e-9);
    if (k === shown) return;
    shown = k;
    scrub.value = String(k);
    scrub.style.setProperty("--part", `${steps ? ((100 * k) / steps).toFixed(2) : 0}%`);
    const words = say("step-of", { k, steps });
    setAttribute(scrub, "aria-valuetext", words);
    setText(place, words);
    if (!playing) setText(spoken, words);
    onStep(k);
  }

  /** @param {number} value */
  function go(value) {
    time = Math.max(0, Math.min(steps, value));
    tell();
    redraw();
  }

  /** @param {number} way */
  function step(way) {
    pause();
    if (way > 0 && time >= steps && onEnd()) return; // a run that can go on does so by one step
    go(Math.round(time) + way);
  }

  function replay() {
    pause();
    go(0);
    toggle();
  }

  function pause() {
    if (!playing) return;
    playing = false;
    time = Math.round(time);
    play.replaceChildren(playIcon);
    setAttribute(play, "aria-label", say("play"));
    tell();
    setText(spoken, place.textContent ?? "");
    redraw();
  }

  function toggle() {
    if (playing) return pause();
    if (time >= steps) time = 0;
    playing = true;
    before = rested = 0;
    play.replaceChildren(pauseIcon);
    setAttribute(play, "aria-label", say("pause"));
    redraw();
  }

  return {
    box,
    toggle,
    replay,
    step,
    pause,
    flipLoop: () => loop.click(),
    playing: () => playing,
    time: () => (calm.matches ? Math.floor(time) : time),
    k: () => Math.floor(time + 1e-9),
    count: () => steps,
    go,
    pose: () => ({
      k: Math.floor(time + 1e-9),
      playing,
      speed: Number(speed.value),
      loop: looping(),
    }),
    // As another page has it, that this one follows.
    /** @param {import("../protocol").ClassPose} pose */
    follow(pose) {
      speed.value = String(pose.speed);
      setAttribute(loop, "aria-pressed", pose.loop);
      go(pose.k);
      if (pose.playing !== playing) toggle();
    },
    // Called once a frame while playing.
    /** @param {number} now */
    advance(now) {
      if (!playing) return;
      const lapse = before ? Math.min(now - before, 100) : 0;
      before = now;
      if (time >= steps) {
        rested += lapse;
        if (!looping()) return pause();
        if (rested > REST) time = rested = 0;
      } else {
        time = Math.min(
          steps,
          time + (lapse / 1000) * RATE * Number(speed.value) * (calm.matches ? 0.25 : 1),
        );
      }
      tell();
      redraw();
    },
    // A new run: at the end stays at the end, elsewhere the step is kept.
    /**
     * @param {number} count
     * @param {number | null} k the step to show, if not the one that is shown
     */
    adopt(count, k = null) {
      if (count === steps && k === null) return;
      const atEnd = time >= steps;
      steps = count;
      box.hidden = !steps; // a picture that has no steps has nothing to play
      scrub.max = String(steps);
      time =
        k !== null
          ? Math.max(0, Math.min(steps, k))
          : atEnd && !playing
            ? steps
            : Math.min(time, steps);
      shown = -1;
      tell();
    },
  };
}

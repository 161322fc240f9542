// A pinned run, as far as a page needs it before a reader has pinned one: what compares it with the
// run of now is fetched then.

import { make } from "../lib/dom.js";
import { say } from "../i18n/en.js";

/**
 * The runs of a picture: its paths, or where it has none the curves whose points can be read, one
 * start of each. The first plane that a run is drawn in says where it is.
 *
 * @param {Trace[]} traces
 * @returns {Map<string, Trace>}
 */
export function runsOf(traces) {
  const paths = traces.filter(({ kind }) => kind === "path");
  const curves = traces.filter(({ kind, read, faint }) => kind === "curve" && read && !faint);
  const found = new Map();
  for (const trace of paths.length ? paths : curves) {
    const own = trace.kind === "curve" ? trace.name : "";
    const run = [trace.rule ?? trace.style, trace.dash ?? "solid", own].join("|");
    if (!found.has(run)) found.set(run, trace);
  }
  return found;
}

/**
 * @param {LessonData} lesson
 * @param {{ array: ArrayOf }} page
 */
export function makePin(lesson, { array }) {
  /** @type {ReturnType<typeof import("./pinned_run.js").makePinned> | undefined} */
  let pinned;
  const box = make("section", { class: "pinned", "aria-label": say("pinned"), hidden: true });
  /** @type {(held: boolean) => void} */
  let changed = () => {};
  return {
    box,
    ghosts: () => pinned?.ghosts() ?? [],
    held: () => Boolean(pinned?.held()),
    /** @param {(held: boolean) => void} listener */
    onchange: (listener) => (changed = listener),
    /** @param {() => Answer} answer what is shown once it is there */
    async set(answer) {
      if (!pinned) {
        const { makePinned } = await import("../export/makers.js");
        pinned ??= makePinned(lesson, { array, box, changed: (held) => changed(held) });
      }
      pinned.set(answer());
    },
    clear: () => pinned?.clear(),
    /** @param {Answer} answer */
    update: (answer) => pinned?.update(answer),
  };
}

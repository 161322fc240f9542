// From a reply to the picture on the screen: it is taken, shown, and drawn frame by frame.

import { makeFrameBudget } from "../lib/frame_budget.js";

/**
 * @param {object} page
 * @param {import("./page_state.js").PageState} page.state
 * @param {ReturnType<typeof import("../lib/frame_stats.js").makeStats>} page.stats
 * @param {Outlines} page.cache
 * @param {Palette} page.palette
 * @param {Theme} page.theme
 * @param {Playback} page.transport
 * @param {ReturnType<typeof import("./plane_set.js").makePlaneSet>} page.planeSet
 * @param {ReturnType<typeof import("./look.js").makeLook>} page.look
 * @param {ReturnType<typeof import("./readings.js").makeReadings>} page.readings
 * @param {ReturnType<typeof import("../session/session.js").makeReader>} page.reader
 * @param {ReturnType<typeof import("../controls/progress.js").makeProgress>} page.progress
 * @param {() => boolean} page.busy
 * @param {() => boolean} page.dragging
 */
export function makePictureLoop({
  state,
  stats,
  cache,
  palette,
  theme,
  transport,
  planeSet,
  look,
  readings,
  reader,
  progress,
  busy,
  dragging,
}) {
  let follow = true; // the next answer brings its step
  const budget = makeFrameBudget();

  function show() {
    planeSet.show(state.shown());
    look.adopted();
    readings.owe();
  }

  return {
    show,
    slow: budget.exceeded,

    /** Let the next answer bring its step. */
    follow() {
      follow = true;
    },

    /**
     * Take a reply; a picture in it is shown at the next frame.
     *
     * @param {Reply} reply
     * @param {DataView | undefined} data
     */
    adopt(reply, data) {
      if (!state.take(reply, data)) return;
      const answer = state.shown();
      // Outlines are taken at once: the next ask says that the page has them.
      for (const trace of answer.traces) if (trace.cache) cache.find(trace, state.array);
      const theirs = answer.answer === null || (follow && !busy());
      transport.adopt(answer.steps, theirs ? (answer.state?.k ?? answer.steps) : null);
      if (theirs) follow = false;
      reader.answered(answer);
    },

    draw(now = performance.now()) {
      const fresh = state.fresh();
      transport.advance(now);
      if (fresh) show();
      const rest = !busy() && !dragging() && !transport.playing();
      if (fresh && !rest) budget.drawn();
      planeSet.draw({
        rest,
        fresh,
        slow: budget.exceeded(),
        array: state.array,
        palette,
        cache,
        theme: theme.current(),
        k: transport.time(),
        playing: transport.playing(),
        thick: reader.thick(),
        ghosts: [...readings.pin.ghosts(), ...look.ghosts()],
      });
      stats.frame(now, fresh ? state.shown().answer : undefined, planeSet.visible());
      if (fresh) progress.update(state.shown(), busy());
      state.mark(false);
    },
  };
}

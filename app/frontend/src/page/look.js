// The runs of what the pointer is over on a map, drawn at once over the runs that are set: they are
// asked for beside the page's own asks, one at a time, and leave the state as it is.

import { makeArrays } from "../connection/binary_arrays.js";

/** The number of such an ask: the page counts its own from one, and exports below zero. */
export const LOOK = 0;

/**
 * @param {object} page
 * @param {Model} page.model
 * @param {string} page.view its name among the widget's views
 * @param {() => Changes} page.state the whole state that is shown
 * @param {() => void} page.redraw
 */
export function makeLook({ model, view, state, redraw }) {
  /** @type {{ plane: string, changes: Changes } | null} */
  let wish = null;
  let asked = ""; // the wish that was sent last
  let waiting = false;
  /** @type {Ghost[]} */
  let runs = [];

  function send() {
    const now = JSON.stringify(wish);
    if (waiting || now === asked || !wish) return;
    asked = now;
    waiting = true;
    model.send({ ask: LOOK, view, look: wish.changes, state: state() });
  }

  return {
    /** @returns {Ghost[]} */
    ghosts: () => runs,

    /**
     * @param {string} plane
     * @param {Changes | null} changes what the place under the pointer sets; null: it left
     */
    at(plane, changes) {
      if (model.saved || model.follows || (!changes && wish?.plane !== plane)) return;
      wish = changes && { plane, changes };
      if (!wish) {
        runs = [];
        asked = "";
        redraw();
      }
      send();
    },

    /**
     * @param {any} content
     * @param {DataView | undefined} data
     */
    heard({ looked = [], buffers = {} }, data) {
      waiting = false;
      const array = makeArrays(buffers, data);
      const found = /** @type {Trace[]} */ (looked);
      runs = wish
        ? found.flatMap((trace) => {
            const points = array(trace.points);
            return points ? [{ key: "", trace, points }] : [];
          })
        : [];
      send();
      redraw();
    },

    /** Another picture: what was looked at is asked for again. */
    adopted() {
      waiting = false;
      asked = "";
      send();
    },
  };
}

// What the page shows: the newest answer with its arrays, and whether it is drawn yet.

import { makeArrays } from "../connection/binary_arrays.js";
import { say } from "../i18n/en.js";

const RECENT = 8; // answers whose arrays are kept: as many as the kernel remembers

/** @typedef {ReturnType<typeof makePageState>} PageState */

export function makePageState() {
  /** @type {Answer | null} */
  let answer = null;
  /** @type {ArrayOf} */
  let arrays = () => undefined;
  let fresh = false;
  /** @type {Map<string, ArrayOf>} */
  const recent = new Map(); // by the marks of the answers

  // The very arrays of that answer: whoever draws them can tell that they have not changed.
  /** @param {Answer} reply */
  function heldArrays({ held }) {
    /** @type {Map<string, Numbers>} */
    const found = new Map();
    const before = recent.get(held?.mark ?? "");
    for (const name of held?.names ?? []) {
      const numbers = before?.(name);
      if (numbers) found.set(name, numbers);
    }
    return found;
  }

  return {
    /** The answer that is shown; null before the first one. */
    answer: () => answer,

    /** The answer that is shown, for those who come after the first one. */
    shown() {
      if (!answer) throw new Error(say("no-picture"));
      return answer;
    },

    /** @type {ArrayOf} */
    array: (name) => arrays(name),

    /**
     * Take an answer. False if only words came: the picture stays.
     *
     * @param {Reply} reply
     * @param {DataView | ArrayBuffer | undefined} data
     */
    take(reply, data) {
      if (!("traces" in reply)) {
        const fault = "fault" in reply ? reply.fault : null;
        if (!answer) throw new Error(fault ?? say("no-picture"));
        answer = { ...answer, fault: null, ...reply };
        return false;
      }
      answer = reply;
      arrays = makeArrays(reply.buffers, data, heldArrays(reply));
      if (reply.mark) recent.set(reply.mark, arrays);
      const [oldest] = recent.keys();
      if (recent.size > RECENT) recent.delete(oldest);
      return true;
    },

    /** Whether an answer was taken that is not on the page yet. */
    fresh: () => fresh,

    /** @param {boolean} is */
    mark(is) {
      fresh = is;
    },
  };
}

// Newest wins: one ask in flight, and behind it only the newest value of each field. However long
// a drag was, the picture settles one answer after the release.

const TIME_LIMIT = 4000; // ms without an answer before the reader is told

// `base` is where an ask starts from if not from what is shown: {reset}, {state}, {query}, or what
// the widget holds, {follow}.
/**
 * @typedef {{ base: Base | null, set: Changes }} Wish
 *
 * @param {Wish | null} older
 * @param {Wish} newer
 * @returns {Wish}
 */
function merged(older, newer) {
  if (!older || newer.base) return { base: newer.base, set: { ...newer.set } };
  const set = { ...older.set };
  for (const [field, value] of Object.entries(newer.set)) {
    delete set[field]; // the order of fields is the order of the reader's acts
    set[field] = value;
  }
  return { base: older.base, set };
}

/**
 * @param {object} page
 * @param {(content: import("../protocol").Ask) => void} page.send
 * @param {() => object} page.context what every ask says
 * @param {(late: boolean) => void} page.onTrouble
 */
export function makeAsker({ send, context, onTrouble }) {
  let number = 0;
  /** @type {(Wish & { ask: number, fine: number }) | null} */
  let flight = null;
  /** @type {Wish | null} */
  let pending = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {Wish & { fine?: number, one?: boolean }} wish */
  function launch({ base, set, fine = 0, one = false }) {
    flight = { ask: ++number, base, set, fine };
    clearTimeout(timer);
    timer = setTimeout(() => onTrouble(true), TIME_LIMIT);
    /** @type {import("../protocol").Ask} */
    const content = { ask: number, ...context(), set, ...base };
    if (fine) content.fine = fine;
    if (one) content.one = true;
    try {
      send(content);
    } catch {
      onTrouble(true); // a closed socket: what was asked stays in flight until `again`
    }
  }

  return {
    /**
     * @param {Changes} set
     * @param {{ base?: Base | null }} from
     */
    ask(set, { base = null } = {}) {
      pending = merged(pending, { set, base });
      this.next();
    },
    // The same picture, finer (of a run: longer, by `one` step or a few); only while nothing else
    // is asked.
    /**
     * @param {number} fine
     * @param {{ one?: boolean }} how
     */
    refine(fine, { one = false } = {}) {
      if (!flight && !pending) launch({ base: null, set: {}, fine, one });
    },
    // An answer came: true if it is the one awaited, or the kernel spoke unasked. The page takes it
    // in and then calls `next`, so that the next ask already says what this answer brought.
    /** @param {Reply} content */
    heard(content) {
      if (content.answer === null || content.answer === undefined) return true;
      if (content.answer !== flight?.ask) return false;
      clearTimeout(timer);
      flight = null;
      onTrouble(false);
      return true;
    },
    next() {
      if (!pending || flight) return;
      const wish = pending;
      pending = null;
      launch(wish);
    },
    // After a reconnection: what was in flight is asked again, with what came after it on top.
    again() {
      const lost = flight ?? { base: null, set: {} };
      const wish = pending ? merged(lost, pending) : { base: lost.base, set: lost.set };
      pending = null;
      launch(wish);
    },
    // What the reader set and no answer shows yet: an older answer must not take it back.
    /** @returns {Changes} */
    wished: () => (pending ? merged(flight, pending) : flight)?.set ?? {},
    // Whether something that the reader did is not answered yet.
    busy: () => Boolean(pending || (flight && !flight.fine)),
    refining: () => Boolean(flight?.fine),
    count: () => number,
    stop: () => clearTimeout(timer),
  };
}

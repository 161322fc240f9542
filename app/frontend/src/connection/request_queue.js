// Newest wins: behind the asks on their way, mostly one (see request_window.js), waits only the newest
// value of each field. However long a drag was, the picture settles one answer after the release.

import { makeWindow } from "./request_window.js";

const TIME_LIMIT = 4000; // ms without an answer before the reader is told
const REST = 150; // ms after which a reader who moves something is taken to rest

// `base` is where an ask starts from if not from what is shown: {reset}, {state}, {query}, or what
// the widget holds, {follow}.
/**
 * @typedef {{ base: Base | null, set: Changes }} Wish
 * @typedef {Wish & { ask: number, at: number, fine: number, alone: boolean }} Flight
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
 * @param {() => { speak?: boolean }} page.context what every ask says
 * @param {(late: boolean) => void} page.onTrouble
 */
export function makeAsker({ send, context, onTrouble }) {
  const limits = makeWindow();
  let number = 0;
  let last = -Infinity; // when the last ask was sent
  /** @type {Flight[]} */
  let flights = []; // asked and not answered, the oldest first: each answer shows what is before it
  /** @type {Wish | null} */
  let pending = null;
  let acted = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let late;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;

  /** What no answer shows yet: what is on its way, and what waits. */
  const unanswered = () => {
    /** @type {Wish} */
    let all = { base: null, set: {} };
    for (const wish of pending ? [...flights, pending] : flights) all = merged(all, wish);
    return all;
  };

  function watch() {
    clearTimeout(late);
    if (flights.length) late = setTimeout(() => onTrouble(true), TIME_LIMIT);
  }

  // An ask starts from what is shown, so it says again what is still on its way.
  /** @param {{ said?: { speak?: boolean }, fine?: number, one?: boolean }} how */
  function launch({ said = context(), fine = 0, one = false } = {}) {
    const { base, set } = unanswered();
    const own = pending ?? { base: null, set: {} };
    pending = null;
    last = performance.now();
    flights.push({ ...own, ask: ++number, at: last, fine, alone: Boolean(said.speak) });
    watch();
    /** @type {import("../protocol").Ask} */
    const content = { ask: number, ...said, set, ...base };
    if (fine) content.fine = fine;
    if (one) content.one = true;
    try {
      send(content);
    } catch {
      onTrouble(true); // a closed socket: what was asked stays in flight until `again`
    }
  }

  function next() {
    clearTimeout(soon);
    if (!pending || flights.length >= limits.size()) return;
    const said = context();
    // The answer to an ask that changes the language sets the page up again: nothing goes beside it.
    if (flights.length && (said.speak || flights.some(({ alone }) => alone))) return;
    const wait = last + limits.gap(flights.length) - performance.now();
    if (wait > 0) soon = setTimeout(next, wait);
    else launch({ said });
  }

  // The same picture, finer (of a run: longer, by `one` step or a few); only while nothing else is
  // asked, and not between two moves of a drag, of which the second would wait for it. Returns
  // whether it will be asked.
  /**
   * @param {number} fine
   * @param {{ one?: boolean }} how
   */
  function refine(fine, how = {}) {
    if (flights.length || pending) return false;
    clearTimeout(soon);
    soon = setTimeout(launch, acted + REST - performance.now(), { fine, ...how });
    return true;
  }

  return {
    /**
     * @param {Changes} set
     * @param {{ base?: Base | null }} from
     */
    ask(set, { base = null } = {}) {
      acted = performance.now();
      pending = merged(pending, { set, base });
      next();
    },
    refine,
    // An answer came: true if it is one awaited, or the kernel spoke unasked. The page takes it
    // in and then calls `next`, so that the next ask already says what this answer brought.
    /** @param {Reply} content */
    heard(content) {
      if (content.answer === null || content.answer === undefined) return true;
      const flight = flights.find(({ ask }) => ask === content.answer);
      if (!flight) return false;
      // Answers come in order: what was asked before this one was lost, and stands in it too.
      flights = flights.filter(({ ask }) => ask > flight.ask);
      limits.heard(performance.now() - flight.at, ("took" in content && content.took) || 0);
      watch();
      onTrouble(false);
      return true;
    },
    next,
    // After a reconnection: what was on its way is asked again, with what came after it on top.
    again() {
      pending = unanswered();
      flights = [];
      launch();
    },
    // What the reader set and no answer shows yet: an older answer must not take it back.
    /** @returns {Changes} */
    wished: () => unanswered().set,
    // Whether something that the reader did is not answered yet.
    busy: () => Boolean(pending || flights.some(({ fine }) => !fine)),
    refining: () => Boolean(flights[0]?.fine),
    count: () => number,
    stop() {
      clearTimeout(late);
      clearTimeout(soon);
    },
  };
}

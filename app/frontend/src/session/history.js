// The reader's history. An act is settled when its answer is drawn and nothing is held or asked:
// then it is one entry, however many events a drag had. The step shown belongs to the entry it was
// seen in. On a page of its own the entries are the browser's, so that back and forward walk them
// too.

const QUIET = 350; // ms of quiet after which an act is over
/** @typedef {{ at: number, state: Changes }} Entry */

/**
 * @typedef {object} Entries
 * @property {() => Entry | null | undefined} start
 * @property {(entry: Entry, address: string, added: boolean) => void} write
 * @property {(way: number) => void} go
 * @property {() => void} stop
 */

/** @param {Changes} state */
const key = (state) => JSON.stringify({ ...state, k: 0 });

/**
 * @param {(entry: Entry) => void} arrived
 * @returns {Entries}
 */
function inBrowser(arrived) {
  /** @param {PopStateEvent} event */
  const heard = ({ state }) => state?.natgrad && arrived(state.natgrad);
  addEventListener("popstate", heard);
  return {
    start: () => history.state?.natgrad,
    write: (entry, address, added) =>
      history[added ? "pushState" : "replaceState"](
        { natgrad: entry },
        "",
        location.pathname + address,
      ),
    go: (way) => history.go(way),
    stop: () => removeEventListener("popstate", heard),
  };
}

/**
 * @param {(entry: Entry) => void} arrived
 * @returns {Entries}
 */
function inMemory(arrived) {
  /** @type {Entry[]} */
  const entries = [];
  let at = 0;
  return {
    start: () => null,
    write(entry) {
      entries[entry.at] = entry;
      at = entry.at;
    },
    go: (way) => arrived(entries[(at += way)]),
    stop: () => {},
  };
}

/**
 * @param {object} page
 * @param {HTMLElement} page.root
 * @param {boolean} page.whole
 * @param {() => Changes} page.now
 * @param {() => string} page.address
 * @param {() => boolean} page.busy
 * @param {(state: Changes) => void} page.restore
 * @param {() => void} page.onchange
 */
export function makePast({ root, whole, now, address, busy, restore, onchange }) {
  let at = 0;
  let top = 0;
  let held = false;
  /** @type {string | null} */
  let act = null; // the name of what the reader is doing, not yet an entry
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let written = "";
  let settled = "";
  /** @type {Entry} */
  let here; // the entry that was written last

  /** @param {Entry} entry */
  function arrived(entry) {
    clearTimeout(timer);
    const going = act !== null && (busy() || key(now()) !== settled);
    // The browser has no entry yet of the act that the reader takes back: to the one before it.
    if (going && entry.at === at - 1) return place.go(1);
    act = null;
    here = entry;
    at = entry.at;
    top = Math.max(top, at);
    settled = key(entry.state);
    written = "";
    restore(entry.state);
    onchange();
  }
  const place = (whole ? inBrowser : inMemory)(arrived);

  /** @param {boolean} added */
  function write(added) {
    const state = now();
    const text = address();
    const entry = { at, state };
    const mark = JSON.stringify([entry, text]);
    if (mark === written) return;
    written = mark;
    here = entry;
    settled = key(state);
    place.write(entry, text, added);
  }

  function commit() {
    act = null;
    const added = key(now()) !== settled;
    if (added) top = ++at;
    write(added);
    if (added) onchange();
  }

  function look() {
    if (busy() || (held && act !== null)) wait();
    else if (act === null) write(false);
    else commit();
  }
  function wait() {
    clearTimeout(timer); // browsers limit how often the address may change
    timer = setTimeout(look, QUIET);
  }

  /** @param {number} way */
  function walk(way) {
    if (act !== null && !busy()) commit();
    if (act !== null) return way < 0 ? arrived(here) : undefined;
    if (at + way < 0 || at + way > top) return;
    place.go(way);
  }

  const hold = () => (held = true);
  const drop = () => (held = false);
  root.addEventListener("pointerdown", hold, true);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, drop, true);

  return {
    // The first picture is drawn: where we are in this page's entries.
    start() {
      at = top = place.start()?.at ?? 0;
      write(false);
      onchange();
    },
    // The reader does something; another thing than before ends the act before it.
    /** @param {string | null} name */
    touch(name) {
      if (act !== null && (name === null || name !== act) && !busy()) commit();
      act = name ?? "";
      wait();
    },
    // What is shown changed by itself: another step, something hidden.
    amend: wait,
    undo: () => walk(-1),
    redo: () => walk(1),
    can: () => ({ undo: at > 0, redo: at < top }),
    stop() {
      clearTimeout(timer);
      place.stop();
      root.removeEventListener("pointerdown", hold, true);
      for (const end of ["pointerup", "pointercancel"]) removeEventListener(end, drop, true);
    },
  };
}

// The reader's history. An act is one entry, however many events a drag had. It is added as the act
// begins, so that going back takes back the act at any time, and is written when its answer is drawn
// and nothing is held or asked. The step shown belongs to the entry it was seen in. On a page of its
// own the entries are the browser's, so that back and forward walk them too.

const QUIET = 350; // ms of quiet after which an act is over
/** @typedef {{ at: number, state: Changes }} Entry */

/**
 * @typedef {object} Entries
 * @property {() => Entry | null | undefined} start
 * @property {(entry: Entry, address: string, added: boolean) => void} write
 * @property {() => void} spare the last entry is for the next act: this one has changed nothing
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
  let spares = 0;
  /** @param {PopStateEvent} event */
  const heard = ({ state }) => {
    spares = 0;
    if (state?.natgrad) arrived(state.natgrad);
  };
  addEventListener("popstate", heard);
  return {
    start: () => history.state?.natgrad,
    write(entry, address, added) {
      const kind = added && !spares ? "pushState" : "replaceState";
      if (added) spares = 0;
      history[kind]({ natgrad: entry }, "", location.pathname + address);
    },
    spare: () => (spares = 1),
    go: (way) => history.go(way < 0 ? way - spares : way),
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
    spare: () => at--,
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

  /** @param {Entry} entry */
  function arrived(entry) {
    act = null;
    clearTimeout(timer);
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
    settled = key(state);
    place.write(entry, text, added);
  }

  // Most acts change the state: the entry is there before, as a copy of the last one.
  function begin() {
    top = ++at;
    write(true);
    onchange();
  }
  function commit() {
    act = null;
    if (key(now()) === settled) {
      top = --at;
      place.spare();
    }
    write(false);
    onchange();
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
      if (act === null) begin();
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

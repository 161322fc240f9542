// The reader's history. An act is settled when its answer is drawn and nothing is held or asked:
// then it is one entry, however many events a drag had. The step shown belongs to the entry it was
// seen in. On a page of its own the entries are the browser's, so that back and forward walk them
// too.

const QUIET = 350; // ms of quiet after which an act is over
const key = (state) => JSON.stringify({ ...state, k: 0 });

function inBrowser(arrived) {
  const heard = ({ state }) => state?.natgrad && arrived(state.natgrad);
  addEventListener("popstate", heard);
  return {
    start: () => history.state?.natgrad,
    write: (entry, address, anew) =>
      history[anew ? "pushState" : "replaceState"](
        { natgrad: entry },
        "",
        location.pathname + address,
      ),
    go: (way) => history.go(way),
    stop: () => removeEventListener("popstate", heard),
  };
}

function inMemory(arrived) {
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

export function makePast({ root, whole, now, address, busy, restore, onchange }) {
  let at = 0;
  let top = 0;
  let held = false;
  let act = null; // the name of what the reader is doing, not yet an entry
  let timer = 0;
  let written = "";
  let settled = "";

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

  function write(anew) {
    const state = now();
    const text = address();
    const entry = { at, state };
    const mark = JSON.stringify([entry, text]);
    if (mark === written) return;
    written = mark;
    settled = key(state);
    place.write(entry, text, anew);
  }

  function commit() {
    act = null;
    const anew = key(now()) !== settled;
    if (anew) top = ++at;
    write(anew);
    if (anew) onchange();
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

// The keys, in one table: what listens to them, and the list of them for the reader. A key
// that says `does: ""` is a control's own and stands here to be shown.

import { makeDialog } from "../controls/dialog.js";
import { composing, make, targetOf } from "../lib/dom.js";
import { say } from "../i18n/en.js";

/**
 * @typedef {object} Shortcut
 * @property {string} group
 * @property {string[]} [keys]
 * @property {string} [shown]
 * @property {string} [does]
 * @property {string} [says]
 * @property {boolean} [ctrl]
 * @property {boolean} [shift]
 * @property {"presenting"} [when]
 * @property {boolean} [first]
 */

/** @type {Shortcut[]} */
const ROWS = [
  { group: "run", keys: [" "], shown: "Space", does: "play" },
  { group: "run", keys: [","], does: "back" },
  { group: "run", keys: ["."], does: "forward" },
  { group: "run", keys: ["l"], does: "loop" },
  { group: "run", keys: ["r"], does: "replay" },
  {
    group: "state",
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    shown: "1 … 9",
    does: "preset",
  },
  { group: "state", keys: ["0"], does: "reset" },
  { group: "state", keys: ["z"], ctrl: true, shown: "Ctrl Z", does: "undo" },
  {
    group: "state",
    keys: ["z", "Z"],
    ctrl: true,
    shift: true,
    shown: "Ctrl Shift Z",
    does: "redo",
  },
  { group: "state", keys: ["y"], ctrl: true, shown: "Ctrl Y", does: "redo" },
  { group: "state", keys: ["n"], does: "line" },
  { group: "hand", shown: "Tab", says: "key-tab" },
  { group: "hand", shown: "← → ↑ ↓", says: "key-move" },
  { group: "hand", shown: "Shift ←", says: "key-fine" },
  { group: "hand", shown: "Ctrl ←", says: "key-coarse" },
  { group: "hand", shown: "← → ↑ ↓", says: "key-read" },
  { group: "talk", keys: ["p"], does: "present" },
  {
    group: "talk",
    keys: ["PageDown"],
    shown: "Page Down",
    does: "next",
    when: "presenting",
    first: true,
  },
  {
    group: "talk",
    keys: ["PageUp"],
    shown: "Page Up",
    does: "last",
    when: "presenting",
    first: true,
  },
  {
    group: "talk",
    keys: ["ArrowRight", "ArrowDown"],
    shown: "→",
    does: "next",
    when: "presenting",
  },
  { group: "talk", keys: ["ArrowLeft", "ArrowUp"], shown: "←", does: "last", when: "presenting" },
  { group: "talk", keys: ["c"], does: "panel", when: "presenting" },
  { group: "talk", keys: ["f"], does: "full" },
  { group: "talk", keys: ["d"], does: "laser" },
  { group: "talk", keys: ["Escape"], shown: "Esc", does: "leave", when: "presenting" },
  { group: "talk", keys: ["?"], does: "keys" },
];

const STORED = "natgrad-single-keys";
let single = "on"; // where storage is forbidden, for this visit

/** Whether characters act alone, without Ctrl: dictation types them, too (WCAG 2.1.4). */
function singleKeys() {
  try {
    return (globalThis.localStorage?.getItem(STORED) ?? single) !== "off";
  } catch {
    return single !== "off";
  }
}

/** @param {boolean} on */
export function setSingleKeys(on) {
  single = on ? "on" : "off";
  try {
    globalThis.localStorage?.setItem(STORED, single);
  } catch {
    // then it holds for this visit
  }
}

/** @param {string} key */
const character = (key) => key !== " " && [...key].length === 1;

const PRESSED = "button, summary, input[type=checkbox], input[type=radio], [role=button], a";

// Whether the key is the focused element's own business.
/** @param {KeyboardEvent} event */
function taken(event) {
  const { key, ctrlKey, metaKey } = event;
  const target = targetOf(event);
  if (!target.matches) return false;
  if (target.closest("dialog, [role=menu]")) return true;
  if (target.matches("input.number")) {
    if (ctrlKey || metaKey) return target.hasAttribute("data-typing");
    return key !== " " && key !== "?"; // no number has these in it
  }
  if (target.matches("textarea, select, [contenteditable=true]")) return true;
  if (target.matches("input:not([type=range], [type=checkbox], [type=radio])")) return true;
  if (key === " ") return target.matches(PRESSED);
  // An arrow belongs to what has the focus; a button has no use for it, nor a plane that was
  // clicked.
  if (key.startsWith("Arrow"))
    return target !== document.body && !target.matches("button, a, .frame");
  return false;
}

/**
 * @typedef {(key: string) => unknown} Act what a key does; `false` if it has nothing to do now
 *
 * @param {HTMLElement} root
 * @param {Record<string, Act>} acts
 * @param {{ whole: boolean, presenting: () => boolean }} page
 * @returns {() => void} stops listening
 */
export function listenKeys(root, acts, { whole, presenting }) {
  /** @param {Shortcut} row */
  const on = (row) => row.when !== "presenting" || presenting();

  /** @param {KeyboardEvent} event */
  function listen(event) {
    const { key } = event;
    const target = targetOf(event);
    if (event.defaultPrevented || event.altKey || composing(event)) return;
    if (!root.contains(target) && !(whole && target === document.body)) return;
    const ctrl = event.ctrlKey || event.metaKey;
    if (!ctrl && character(key) && !singleKeys()) return;
    const row = ROWS.find(
      (r) =>
        r.keys?.includes(key) &&
        Boolean(r.ctrl) === ctrl &&
        (!r.ctrl || Boolean(r.shift) === event.shiftKey) &&
        on(r),
    );
    if (!row || (!row.first && taken(event))) return;
    if (!row.does || acts[row.does](key) === false) return;
    event.preventDefault();
    event.stopPropagation(); // a notebook has its own use for these keys
  }

  // A clicker's keys come before a slider's own.
  /** @param {KeyboardEvent} event */
  function early(event) {
    if (presenting() && event.key.startsWith("Page") && !targetOf(event).closest?.("dialog"))
      listen(event);
  }

  const place = /** @type {HTMLElement} */ (whole ? document : root);
  place.addEventListener("keydown", early, true);
  place.addEventListener("keydown", listen);
  return () => {
    place.removeEventListener("keydown", early, true);
    place.removeEventListener("keydown", listen);
  };
}

/** @param {HTMLElement} root */
export function makeKeyHelp(root) {
  const groups = [...new Set(ROWS.map((row) => row.group))].map((group) => {
    /** @type {Map<string, string[]>} */
    const keysOf = new Map(); // what is done → its keys
    for (const row of ROWS.filter((r) => r.group === group)) {
      const words = say(row.says ?? `key-${row.does}`);
      keysOf.set(words, [...(keysOf.get(words) ?? []), row.shown ?? row.keys?.[0] ?? ""]);
    }
    const rows = [...keysOf].map(([words, keys]) =>
      make(
        "tr",
        {},
        make("td", {}, ...keys.flatMap((k, i) => [i ? ", " : "", make("kbd", {}, k)])),
        make("td", {}, words),
      ),
    );
    return make("table", {}, make("caption", {}, say(`keys-${group}`)), make("tbody", {}, ...rows));
  });
  const box = make("input", { type: "checkbox", checked: singleKeys() });
  box.addEventListener("change", () => setSingleKeys(box.checked));
  const single = make("label", {}, box, " ", say("single-keys"));
  return makeDialog(root, "keys", say("keys"), single, ...groups);
}

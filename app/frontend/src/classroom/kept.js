// What this tab keeps of its class while it lasts: in the tab alone, never in an address.

const NAME = "natgrad-class";

/**
 * Of one who leads: the token, the rounds so far, the way through the lessons. Of one who left for a while:
 * the class's code, and what was to be set.
 *
 * @typedef {object} Kept
 * @property {string} [token]
 * @property {boolean} [begun] the code was shown, and put away
 * @property {string} [code]
 * @property {Changes} [set]
 * @property {import("../protocol").ClassQuiz[]} [rounds]
 * @property {{ asked: Changes, quiz: import("../protocol").ClassQuiz } | null} [now]
 * @property {{ lesson: string, state: string }[]} [way]
 */

/** @type {Kept | null} */
let held = null;

/** @returns {Kept | null} */
export function kept() {
  try {
    held = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
  } catch {
    // where storage is forbidden: for this page alone
  }
  return held;
}

/** @param {Kept | null} value */
export function keep(value) {
  held = value;
  try {
    if (value) sessionStorage.setItem(NAME, JSON.stringify(value));
    else sessionStorage.removeItem(NAME);
  } catch {
    // then for this page alone
  }
}

// What the page does beside asking, when a reader sets something.

/**
 * @param {object} page
 * @param {ReturnType<typeof import("./conversation.js").makeConversation>} page.conversation
 * @param {() => Fields} page.fields
 * @param {() => { unmark: () => void }[]} page.marked what shows that it set the picture
 * @param {(act: string | null) => void} page.touch an act of the reader, for the history
 * @param {() => void} page.follow let the next answer bring its step
 */
export function makeAsks({ conversation, fields, marked, touch, follow }) {
  /**
   * By default an act of the reader is their own: it is no longer the preset's picture.
   *
   * @type {AskFor}
   */
  const ask = (set, { base = null, act = stems(set).join() } = {}) => {
    for (const each of marked()) each.unmark();
    if (act !== false) touch(act);
    conversation.ask(set, { base });
  };
  return {
    ask,

    /**
     * To a state that someone prepared: what was typed is forgotten, and the step is theirs.
     *
     * @type {AskFor}
     */
    jump(set, { base = null, act = null } = {}) {
      fields().forget();
      if ("k" in set || base !== null) follow();
      ask(set, { base, act });
    },
  };
}

/** @param {Changes} set */
const stems = (set) => Object.keys(set).map((field) => field.split(".")[0]);

// What tells one thing drawn from another without a look at its numbers: an answer that leaves an
// array out has the very array of the answer before.

/** @type {WeakMap<object, number>} */
const ids = new WeakMap();
let last = 0;

/**
 * A number that no other object has.
 *
 * @param {object} thing
 */
export function idOf(thing) {
  const id = ids.get(thing) ?? ++last;
  ids.set(thing, id);
  return id;
}

/**
 * Traces as a text, in which each array is its id: equal only if the same is drawn.
 *
 * @param {Trace[]} traces
 * @param {ArrayOf} array
 */
export const textOf = (traces, array) =>
  JSON.stringify(traces, (_, part) => {
    const numbers = typeof part === "string" && array(part);
    return numbers ? idOf(numbers) : part;
  });

// Whether the page is slow, by how long a picture holds up the thread that hears the pointer; and
// which planes are then left out.

const SLOW = 12; // ms, on average
const LONGEST = 100; // ms: what takes longer was something else
const PART = 0.1; // of a new number in the average

/**
 * Whether a plane is drawn now. At rest all are. While a reader drags, those are left out that nobody
 * sees; and on a slow page a model, and planes beside the one that is held, are drawn less often.
 *
 * @param {number} turn pictures so far
 * @param {{ rest: boolean, light: boolean, seen: boolean, model: boolean, beside: boolean }} how
 */
export function isDue(turn, { rest, light, seen, model, beside }) {
  if (rest || !seen) return rest;
  return !light || turn % (model ? 3 : beside ? 2 : 1) === 0;
}

export function makeFrameBudget() {
  let usual = 0;
  let slow = false;
  return {
    /** A picture is about to be drawn: measure how long nothing else can be done. */
    drawn() {
      const began = performance.now();
      setTimeout(() => {
        usual += PART * (Math.min(LONGEST, performance.now() - began) - usual);
        slow ||= usual > SLOW; // from then on: its device stays the same
      });
    },
    exceeded: () => slow,
  };
}

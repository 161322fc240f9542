// What is read, not watched: figures and words are written at every third picture and at most five
// times a second while pictures follow one another, and at once when these come to rest. Nobody
// reads digits faster, and typesetting them costs more than drawing the picture: on a slow page a
// quarter of all its time, so there it is done less than half as often.

const EVERY = 3;
const SOONEST = 200; // ms
const LATEST = 400; // ms: so long after a picture its words are there in any case

const SLOWER = 2.5; // times as long on a slow page

/**
 * @param {() => void} write
 * @param {() => boolean} slow
 */
export function makeThrottle(write, slow = () => false) {
  /** @type {ReturnType<typeof setTimeout> | 0} */
  let timer = 0;
  let last = -Infinity;
  let pictures = 0;
  function pay() {
    clearTimeout(timer);
    timer = pictures = 0;
    last = performance.now();
    write();
  }
  return {
    // A picture came; `rest` says that no other follows.
    /** @param {boolean} rest */
    owe(rest) {
      pictures++;
      const times = slow() ? SLOWER : 1;
      const since = (performance.now() - last) / times;
      if (rest || since > LATEST || (since > SOONEST && pictures >= EVERY)) pay();
      else timer ||= setTimeout(pay, times * (LATEST - since));
    },
    owing: () => timer !== 0,
    stop: () => clearTimeout(timer),
  };
}

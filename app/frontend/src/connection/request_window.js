// How many asks may be on their way at once (a congestion window). One, where the line is short: a
// second would only wait in the kernel. Where the line takes longer than a frame, pictures would then
// come as seldom as an ask goes there and back, so there are more, as long as none waits for another.

const MOST = 4; // as many as the server lets in (websocket.py)
const FRAME = 12; // ms between two asks at least: no screen shows more pictures
const JITTER = 20; // ms by which an answer may be late without having waited for another
const SLOWEST = 64; // answers without a queue, for each ask on its way, before there is one more

export function makeWindow() {
  let size = 1;
  let roundTrip = Infinity; // ms there and back, when nothing waits
  let work = 0; // ms that the kernel took for the last answer
  let unqueued = 0; // answers since `size` last changed, none of which waited
  let needed = 2; // so many of them, for each ask on its way, before there is one more
  return {
    /** How many asks may be on their way. */
    size: () => size,

    /**
     * ms between two asks: evenly over the time of one, and no faster than the kernel answers.
     *
     * @param {number} flying asks on their way
     */
    gap: (flying) => (flying ? Math.max(FRAME, 1.1 * work, (roundTrip + work) / size) : FRAME),

    /**
     * An answer came.
     *
     * @param {number} whole ms since it was asked for
     * @param {number} took ms of these that the kernel worked
     */
    heard(whole, took) {
      const wait = Math.max(0, whole - took);
      work = took;
      // A line that has become longer is believed slowly: mostly it is a queue.
      roundTrip = wait < roundTrip ? wait : roundTrip + 0.03 * (wait - roundTrip);
      if (roundTrip <= FRAME) {
        size = 1;
        unqueued = 0;
      } else if (wait > 1.5 * roundTrip + JITTER) {
        if (size > 1) needed = Math.min(SLOWEST, 2 * needed);
        size = Math.max(1, size - 1);
        unqueued = 0;
      } else if (++unqueued >= needed * size && size < MOST) {
        size++;
        unqueued = 0;
      }
    },
  };
}

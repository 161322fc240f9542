// What tests, benchmarks and other scripts read of a page: its element's `natgrad`.

/**
 * @param {object} page
 * @param {import("./page_state.js").PageState} page.state
 * @param {ReturnType<typeof import("../lib/frame_stats.js").makeStats>} page.stats
 * @param {Playback} page.transport
 * @param {ReturnType<typeof import("./conversation.js").makeConversation>} page.conversation
 * @param {Fields} page.fields
 * @param {ReturnType<typeof import("../canvas/animation_frame.js").makeFrame>} page.frame
 * @param {ReturnType<typeof import("./readings.js").makeReadings>} page.readings
 * @param {() => boolean} page.dragging
 */
export function reportOn({
  state,
  stats,
  transport,
  conversation,
  fields,
  frame,
  readings,
  dragging,
}) {
  /** Whether nothing is asked, awaited, or waiting to be drawn or written. */
  function quiet() {
    const { figures, texts } = readings.owing();
    if (dragging()) return false; // what is drawn only at rest waits
    if (conversation.busy() || conversation.refining() || state.fresh() || texts) return false;
    return transport.playing() || !(frame.waiting() || figures);
  }
  return {
    get state() {
      return { ...state.shown().state, k: transport.k() };
    },
    get values() {
      return state.shown().values;
    },
    get answer() {
      return state.shown();
    },
    get k() {
      return transport.k();
    },
    get playing() {
      return transport.playing();
    },
    get stats() {
      return { ...stats.record, asks: conversation.count() };
    },
    array: state.array,
    error: fields.error,
    settled: () => stats.settled(quiet),
  };
}

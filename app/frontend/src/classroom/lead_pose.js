// What the lecturer's page does beside its picture, for those who follow; and the class's way: the
// states in which the lecturer came to rest.

import { writeAddress } from "../connection/url_state.js";

const LOOK = 80; // ms between two looks at what the page does
const RESEND = 2_000; // ms after which a playing page says again where it is
const REST = 1_500; // ms that a state is shown until it is a step of the class's way

/** @param {number} part */
const share = (part) => Math.max(0, Math.min(1, Number(part.toFixed(4))));

/**
 * @param {SeatedPage} page
 * @param {(pose: import("../protocol").ClassPose) => boolean} tell whether there is a line
 * @param {(state: string) => void} rested the page came to rest in this state
 */
export function watchPose({ root, lesson, transport, state }, tell, rested) {
  let sent = "";
  let sentAt = 0;
  /** @type {[string, number, number] | null} */
  let laser = null;
  /** @param {PointerEvent} event */
  const point = ({ target, clientX, clientY }) => {
    const frame = target instanceof Element ? target.closest(".frame") : null;
    const name = frame?.closest("[data-plane]")?.getAttribute("data-plane");
    if (!frame || !name || !root.classList.contains("pointing")) laser = null;
    else {
      const { left, top, width, height } = frame.getBoundingClientRect();
      laser = [name, share((clientX - left) / width), share((clientY - top) / height)];
    }
  };
  root.addEventListener("pointermove", point);

  function look() {
    const now = transport.pose();
    const line = root.querySelector(".caption:not([hidden]) .line")?.textContent ?? "";
    /** @type {import("../protocol").ClassPose} */
    const pose = { ...now, laser: root.classList.contains("pointing") ? laser : null, line };
    const mark = JSON.stringify(now.playing ? { ...pose, k: 0 } : pose);
    const time = performance.now();
    if (mark === sent && !(now.playing && time - sentAt > RESEND)) return walk(time);
    if (tell(pose)) [sent, sentAt] = [mark, time];
  }
  const looking = setInterval(look, LOOK);

  let seen = "";
  let since = 0;
  /** @param {number} time */
  function walk(time) {
    const { query } = state.shown();
    const { version, k } = lesson;
    const at = { version, k, shown: transport.k(), steps: transport.count() };
    const text = writeAddress(query, {}, at).replace(/^\?/, "");
    if (text !== seen) [seen, since] = [text, time];
    else if (time - since > REST) {
      since = Infinity;
      rested(text);
    }
  }

  return {
    /** Say it all again: the server may know nothing of it. */
    again: () => (sent = ""),
    stop() {
      clearInterval(looking);
      root.removeEventListener("pointermove", point);
    },
  };
}

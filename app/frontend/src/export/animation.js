// The run as a film: an animated GIF, or MP4 or WebM where the browser records one.

import { filmKind } from "./film_kind.js";
import { gifOf } from "./gif_encoder.js";

const FILM_RATE = 24; // steps a second, as the page plays at speed 1
const SHORTEST = 2500; // ms
const LONGEST = 9000;
const LAST_FRAME = 1400; // ms on the last picture
const GIF_GAP = 80; // ms between frames
/** @param {number} steps */
const lengthOf = (steps) => Math.max(SHORTEST, Math.min(LONGEST, (1000 * steps) / FILM_RATE));

/** @returns {Promise<void>} */
const turn = () => new Promise((resolve) => setTimeout(resolve));

/**
 * @typedef {ReturnType<typeof import("./figure_export.js").onCanvas>} Poster
 *
 * @param {Poster} poster
 * @param {number} steps
 * @param {(part: number) => void} onProgress
 */
export function asGif(poster, steps, onProgress) {
  const { canvas } = poster;
  const frames = steps ? Math.min(steps, Math.round(lengthOf(steps) / GIF_GAP)) + 1 : 1;
  const last = frames - 1;
  return gifOf({
    width: canvas.width,
    height: canvas.height,
    frames,
    frame: (i) =>
      poster
        .at(last ? (i * steps) / last : 0, i < last)
        .getImageData(0, 0, canvas.width, canvas.height).data,
    delay: (i) => (i < last ? lengthOf(steps) / last : LAST_FRAME),
    pause: (part) => (onProgress(part), turn()),
  });
}

// In real time: a recorder takes what the canvas shows while it shows it.
/**
 * @param {Poster} poster
 * @param {number} steps
 * @param {(part: number) => void} onProgress
 * @param {string | undefined} kind
 */
export async function asFilm(poster, steps, onProgress, kind = filmKind() ?? "video/webm") {
  const stream = poster.canvas.captureStream(30);
  const recorder = new MediaRecorder(stream, { mimeType: kind, videoBitsPerSecond: 6e6 });
  /** @type {Blob[]} */
  const parts = [];
  const done = new Promise((resolve, reject) => {
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => resolve(undefined);
    recorder.onerror = (event) =>
      reject("error" in event ? event.error : new Error("no film was recorded"));
  });
  const length = lengthOf(steps);
  poster.at(0, true);
  recorder.start();
  const start = performance.now();
  await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    const frame = () => {
      const lapse = performance.now() - start;
      if (lapse > length + LAST_FRAME) return resolve();
      poster.at(Math.min(steps, (lapse / length) * steps), lapse < length);
      onProgress(lapse / (length + LAST_FRAME));
      setTimeout(frame, 1000 / 30); // a timer, for a page in the background gets no frames
    };
    frame();
  });
  recorder.stop();
  await done;
  stream.getTracks().forEach((track) => track.stop());
  return new Blob(parts, { type: kind.split(";")[0] });
}

// Which kind of film the browser can record; undefined if none.

const KINDS = [
  "video/mp4;codecs=avc1.42E01F",
  "video/mp4",
  "video/webm;codecs=vp9",
  "video/webm;codecs=vp8",
  "video/webm",
];

export const filmKind = () =>
  typeof MediaRecorder === "function" && "captureStream" in HTMLCanvasElement.prototype
    ? KINDS.find((kind) => MediaRecorder.isTypeSupported(kind))
    : undefined;

// What makes files of a picture, what compares a pinned run, and the desk of a talk, in one module: a
// page fetches it when one of them is first wanted.

export { asFilm, asGif } from "./animation.js";
export { asCsv, asJson } from "./data_tables.js";
export { asSvg, onCanvas } from "./figure_export.js";
export { asPng } from "./png.js";
export { makePinned } from "../controls/pinned_run.js";
export { makeSteps } from "../session/talk_editor.js";
export { SvgPath } from "./svg_path.js";

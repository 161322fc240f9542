// What makes files of a picture, and what compares a pinned run, in one module: a page fetches it
// when it is first wanted.

export { asFilm, asGif } from "./animation.js";
export { asCsv, asJson } from "./data_tables.js";
export { asSvg, onCanvas } from "./figure_export.js";
export { asPng } from "./png.js";
export { makePinned } from "../controls/pinned_run.js";
export { SvgPath } from "./svg_context.js";

// What makes files of a picture, what compares a pinned run, and the desk of a talk, in one module: a
// page fetches it when one of them is first wanted.

export { makeFiles } from "./files.js";
export { makePinned } from "../controls/pinned_run.js";
export { makeSteps } from "../session/talk_editor.js";

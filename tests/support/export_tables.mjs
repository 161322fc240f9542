// The files of numbers that a page makes of each picture, without a page: `node export_tables.mjs`
// reads {lessons, pictures} as JSON and writes for each picture its CSV, its JSON and the table of
// its runs pinned against themselves.

import { readFileSync } from "node:fs";
import { makeArrays } from "../../app/frontend/src/connection/binary_arrays.js";
import { compared, pinnedOf } from "../../app/frontend/src/controls/pinned_run.js";
import { asCsv, asJson } from "../../app/frontend/src/export/data_tables.js";

const LINK = "https://example.org/lesson?v=1&steps=20";

const { lessons, pictures } = JSON.parse(readFileSync(0, "utf8"));
const exported = pictures.map(({ lesson: name, answer, data }) => {
  const bytes = Buffer.from(data, "base64");
  const array = makeArrays(answer.buffers, new DataView(new Uint8Array(bytes).buffer));
  const lesson = lessons[name];
  const scene = { lesson, answer, array, caption: lesson.takeaway, link: LINK, k: answer.steps };
  return {
    csv: asCsv(scene),
    json: asJson(scene),
    pinned: compared(pinnedOf(answer, array), answer, array, lesson),
  };
});
process.stdout.write(JSON.stringify(exported));

import assert from "node:assert/strict";
import { test } from "node:test";
import { asCsv, asJson, axisNumber } from "../src/export/data_tables.js";

/** Where a number is drawn, as the engine packs it. */
const placed = (value, [low, high, log]) =>
  Math.fround(log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));

const LOSS = [0.001, 10, true];
const STEP = [0, 60, false];

/** A lesson's picture: a graph of a loss and a plane of the parameters. */
function picture() {
  const losses = [0.693, 0.5, 0.0123];
  const arrays = {
    graph: new Float32Array(losses.flatMap((loss, k) => [placed(k, STEP), placed(loss, LOSS)])),
    plane: new Float32Array([0.25, -1.5, 1, 2]),
    half: new Float32Array([2, 3]),
    loss: new Float32Array([4, 5]),
    read: new Float32Array(losses),
  };
  const answer = {
    state: { steps: 60 },
    values: {},
    description: "",
    planes: [
      {
        name: "loss",
        title: "training loss",
        labels: ["step", "J"],
        view: [0, 1, 0, 1],
        scales: [STEP, LOSS],
      },
      { name: "theta", title: "θ, plane", labels: ["θ₁", "θ₂"], view: [-2, 2, -2, 2] },
      { name: "empty", title: "none", labels: ["a", "b"], view: [0, 1, 0, 1] },
    ],
    traces: [
      { plane: "loss", kind: "path", style: "natural", name: "run", points: "graph" },
      { plane: "theta", kind: "path", style: "-bad", name: '=SUM(1)\r"', points: "plane" },
      { plane: "loss", kind: "area", style: "natural", name: "", points: "graph", base: 0.5 },
      { plane: "theta", kind: "curve", style: "@x", name: "+1", points: "half" },
      { plane: "empty", kind: "lines", style: "grid", name: "", points: "plane" },
    ],
  };
  answer.traces[0].read = [["loss", "read"]];
  answer.traces[1].values = { loss: "loss" };
  answer.traces[3].map = [2, 0, 0, 1, 1, 0];
  return {
    lesson: { name: "net", title: "A net", styles: { natural: { label: "natural, exact" } } },
    answer,
    array: (name) => arrays[name],
    caption: "",
    link: "https://example.org/net?v=1",
    k: 2,
  };
}

test("the number of an axis is the shortest that is drawn at the position", () => {
  for (const scale of [STEP, LOSS, [-180, 180, false], [1e-12, 1e3, true], [10, -3, false]]) {
    for (const value of [0.001, 0.1, 0.6931472, 1, 2, 7, 1 / 3]) {
      const at = placed(value, scale);
      const found = axisNumber(at, scale);
      assert.equal(placed(found, scale), at, `${value} on ${scale}`);
      assert.ok(String(found).length <= 11 || value === 1 / 3, `${found} for ${value}`);
    }
  }
  assert.equal(axisNumber(placed(0, [-0.3, 0.7, false]), [-0.3, 0.7, false]), 0);
  assert.equal(axisNumber(placed(0.1, LOSS), LOSS), 0.1, "not where it lies on the screen");
  assert.equal(axisNumber(NaN, LOSS), null);
  assert.equal(axisNumber(Infinity, LOSS), null);
  assert.equal(axisNumber(Math.fround(0.1), undefined), 0.1);
});

test("a table a plane, with its title, its axes' names and the link at the head", () => {
  assert.deepEqual(asCsv(picture()).split("\r\n"), [
    "\ufeff# lesson,A net",
    "# state,https://example.org/net?v=1",
    "",
    "# plane,training loss",
    "kind,what,way,step,step,J,loss",
    'path,"natural, exact",run,0,0,0.693,0.693',
    'path,"natural, exact",run,1,1,0.5,0.5',
    'path,"natural, exact",run,2,2,0.0123,0.0123',
    "",
    '# plane,"θ, plane"',
    "kind,what,way,step,θ₁,θ₂,loss",
    `path,'-bad,"'=SUM(1)\r""",0,0.25,-1.5,4`,
    `path,'-bad,"'=SUM(1)\r""",1,1,2,5`,
    "curve,'@x,'+1,0,5,3,",
    "",
  ]);
});

test("JSON has the numbers of the axes, too, and says which axes are logarithmic", () => {
  const { planes, traces, link } = JSON.parse(asJson(picture()));
  assert.equal(link, "https://example.org/net?v=1");
  assert.deepEqual(planes[0].view, [0, 60, 0.001, 10]);
  assert.deepEqual(planes[0].logarithmic, [false, true]);
  assert.deepEqual(planes[1].view, [-2, 2, -2, 2]);
  assert.deepEqual(traces[0].points, [
    [0, 0.693],
    [1, 0.5],
    [2, 0.0123],
  ]);
  assert.deepEqual(traces[0].values, { loss: [0.693, 0.5, 0.0123] });
  assert.equal(traces[2].base, axisNumber(0.5, LOSS));
  assert.deepEqual(traces[3].points, [[5, 3]]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { readAddress, writeAddress } from "../src/connection/url_state.js";
import { knownSteps, readTalk, writeTalk } from "../src/session/talk_codec.js";

const OWN = ["hide", "talk", "present", "lang"];
const now = { version: 1, k: null, shown: 40, steps: 40 };

test("a page at its beginning has a bare address", () => {
  assert.equal(writeAddress("v=1", {}, now), "");
  assert.equal(writeAddress("", {}, { ...now, k: 3, shown: 3 }), "");
});

test("what an address says is read back", () => {
  const own = { hide: "words,matrix.0.1", talk: "a preset~.rate=0.1!50 % & more", lang: "zh" };
  const address = writeAddress("v=1&rate=0.05&matrix=1,2,3,4", own, { ...now, shown: 7 });
  const found = readAddress(address, OWN);
  assert.deepEqual(found.own, own);
  const rest = new URLSearchParams(found.query);
  assert.deepEqual(Object.fromEntries(rest), { v: "1", k: "7", rate: "0.05", matrix: "1,2,3,4" });
});

test("an address with the page's own names alone has no state", () => {
  assert.equal(readAddress("?v=1&lang=zh", OWN).query, "");
  assert.equal(readAddress("", OWN).query, "");
});

test("commas, colons and slashes may be read in an address", () => {
  assert.ok(writeAddress("", { hide: "a,b:c/d" }, now).endsWith("hide=a,b:c/d"));
});

test("a talk is read back, whatever its texts hold", () => {
  const steps = [
    { show: "slow-rate" },
    { show: "claim.invariant", say: "Why? Look: ~50 %!" },
    { state: "rate=0.1&matrix=1,2,3,4" },
    { state: "name=a*b~c!d", say: "*0 ~ *1 !" },
  ];
  assert.deepEqual(readTalk(writeTalk(steps)), steps);
  assert.deepEqual(readTalk(""), []);
});

test("steps that the lesson does not know are named, and states are kept", () => {
  const shows = new Map([["known", {}]]);
  const found = knownSteps(
    [{ show: "known", say: "here" }, { show: "gone" }, { state: "rate=1" }, "nonsense", null],
    shows,
  );
  assert.deepEqual(found.steps, [{ show: "known", say: "here" }, { state: "rate=1" }]);
  assert.deepEqual(found.dropped, ["gone", "nonsense", "null"]);
});

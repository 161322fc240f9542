import assert from "node:assert/strict";
import { test } from "node:test";
import { eventOf, fakeDocument } from "./fakes.js";
import { makeBanner } from "../src/connection/connection_banner.js";

/** A line that does what the banner asks of it, and a banner over it. */
function banner(link) {
  const { built } = fakeDocument();
  const did = [];
  if (link) {
    Object.assign(link, {
      broken: () => ["lost", "dead"].includes(link.status),
      onstatus: (listener) => (link.say = listener),
      reconnect: async () => void did.push("reconnect"),
      renew: () => void did.push("renew"),
    });
  }
  const shown = makeBanner({ link }, () => did.push("again"));
  globalThis.location = { reload: () => did.push("reload") };
  const button = built.find(({ tag }) => tag === "button");
  const words = built.find(({ tag }) => tag === "span");
  return { shown, did, words, button, press: () => button.dispatchEvent(eventOf("click", {})) };
}

test("what was in flight is asked again whenever the line has been opened again", () => {
  const link = { status: "open" };
  const { did } = banner(link);
  link.say(link.status);
  assert.deepEqual(did, ["again"], "opened after a sleep, of which nobody heard");
  link.status = "lost";
  link.say(link.status);
  assert.deepEqual(did, ["again"]);
});

test("an engine that is silent on an open line is asked over a new one", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { shown, did, press } = banner({ status: "open" });
  shown.trouble(true);
  assert.equal(shown.box.hidden, false);
  press();
  assert.deepEqual(did, ["renew"]);
});

test("a line that stays silent is opened again by itself, and one that speaks is not", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { shown, did } = banner({ status: "open" });
  shown.trouble(true);
  t.mock.timers.tick(74_000);
  shown.trouble(false);
  t.mock.timers.tick(200_000);
  assert.deepEqual(did, []);
  shown.trouble(true);
  t.mock.timers.tick(75_000);
  assert.deepEqual(did, ["renew"]);
});

test("where the page has no line of its own the ask is repeated", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { shown, did, press } = banner(undefined);
  shown.trouble(true);
  press();
  assert.deepEqual(did, ["again"]);
});

for (const [why, words, button, act] of [
  ["", /connection to the engine is lost/, "Reconnect", "reconnect"],
  ["login", /logged out/, "Log in again", "reload"],
  ["You are number 7 in the line.", /^You are number 7 in the line/, "Reconnect", "reconnect"],
]) {
  test(`a lost line says what its reader can do (${why || "no reason known"})`, () => {
    const link = { status: "lost", why };
    const { words: said, button: offered, did, press } = banner(link);
    assert.match(said.textContent, words);
    assert.equal(offered.textContent, button);
    press();
    assert.deepEqual(did, [act]);
  });
}

// The stage's own words, all of them here; a lesson's words come from the lesson. `{name}` is filled in.

const TEXTS = {
  en: {
    // the line to the engine
    "lost": "The connection to the engine is lost. What you set is kept.",
    "slow": "The engine has not answered for a while. What you set is kept.",
    "reconnect": "Reconnect",
    "ask-again": "Ask again",
    "no-picture": "the engine sent no first picture",
    // the header
    "lessons": "lessons",
    "all-lessons": "all lessons",
    "presets": "presets",
    "reset": "reset to the beginning",
    "link": "copy a link to exactly this state",
    "theme": "theme: {choice}",
    "system": "system",
    "light": "light",
    "dark": "dark",
    "copied": "copied",
    "not-copied": "could not copy; it is in the address bar",
    "menu": "more",
    // controls
    "controls": "controls",
    "more": "{count} more",
    "entry": "{label}, row {row}, column {column}",
    "typed": "{label}, typed",
    "no-number": "{said} is not a number; type one like 0.5, −2 or 1/3",
    "nothing": "nothing",
    // planes
    "point": "draggable point",
    "plane": "plane {title}, axes {labels}",
    "and": " and ",
    "place": "step {step}: {place}",
    "loss-there": "{place}, loss {loss}",
    "legend": "legend",
    "meter": "invariance meter",
    "fine": "how far the picture is",
    "stop": "stop",
    "go-on": "go on",
    // charts
    "charts": "charts",
    "numbers": "the numbers",
    "no-script": "its script did not load",
    "no-chart": "This chart could not be drawn: {reason}. Its numbers are below.",
    // playback
    "playback": "playback",
    "play": "play",
    "pause": "pause",
    "back": "one step back",
    "forward": "one step forward",
    "loop": "loop",
    "speed": "speed",
    "step": "step",
    "step-of": "step {k} of {steps}",
    // the lesson's text
    "lesson": "the lesson",
    "show": "Show: {sentence}",
    "show-it": "Show it",
    "formulas": "formulas with live numbers",
    "right": "So it is.",
    "wrong": "Look again.",
  },
};

export function say(key, values = {}) {
  const text = TEXTS.en[key];
  if (text === undefined) throw new Error(`no text '${key}'`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

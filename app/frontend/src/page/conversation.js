// Asks and answers: what the page says of itself when it asks, and what it does with a reply.

import { makeAsker } from "../connection/request_queue.js";

const STEP_SENT = 200; // ms until a notebook's `.state` has the step at which the reader rests

/**
 * @param {object} page
 * @param {Model} page.model
 * @param {string} page.view its name among the widget's views
 * @param {LessonData} page.lesson
 * @param {import("./page_state.js").PageState} page.state
 * @param {() => string[]} page.keys of the arrays that the page keeps
 * @param {() => number} page.step
 * @param {() => boolean} page.held whether the reader has stopped a picture that grows
 * @param {(late: boolean) => void} page.onTrouble
 */
export function makeConversation({ model, view, lesson, state, keys, step, held, onTrouble }) {
  let { language } = lesson; // that the reader wishes for
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const asker = makeAsker({
    send: (content) => model.send(content),
    context: () => ({
      view,
      state: { ...state.answer()?.state, k: step() },
      ...(language === lesson.language // else the page is set up again, without them
        ? { have: keys(), kept: state.answer()?.mark }
        : { have: [] }),
      ...(held() ? { hold: true } : {}),
      ...(language === "en" ? {} : { lang: language }),
      ...(language === lesson.language ? {} : { speak: true }),
    }),
    onTrouble,
  });

  // A step that an answer on its way may change is told after it: a new view shows an old picture
  // until it has heard of the present one.
  function tellStep() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (asker.busy()) tellStep();
      else model.send({ k: step(), view });
    }, STEP_SENT);
  }

  return {
    ask: asker.ask,
    refine: asker.refine,
    again: asker.again,
    busy: asker.busy,
    wished: asker.wished,
    refining: asker.refining,
    count: asker.count,

    /** @param {string} name a language, in which the next answer brings the lesson */
    speak(name) {
      language = name;
      asker.ask({});
    },

    /**
     * Whether what the kernel says is meant for this view.
     *
     * @param {any} content
     */
    mine: (content) => content.view === undefined || content.view === view,

    /** Ask for the state that the widget holds, which another view, or a notebook, may have set. */
    follow: () => asker.ask({}, { base: { follow: true } }),

    /**
     * Whether the kernel says that another view has changed the state.
     *
     * @param {any} content
     */
    moved: (content) => content.moved !== undefined && content.moved !== view,

    /** Some pictures are drawn for one step only, `shows`: ask for another one. */
    pursue() {
      const shows = state.answer()?.shows;
      if (typeof shows === "number" && shows !== step()) asker.ask({});
    },

    /** Tell a notebook, whose `.state` follows, the step that is shown. */
    tellStep,

    /**
     * The reply to the newest ask, with what still holds of the answer before it; null if it is not
     * for us.
     *
     * @param {any} content
     * @returns {Reply | null}
     */
    heard(content) {
      const finer = asker.refining();
      if (!asker.heard(content)) return null;
      // What was refused still is.
      const errors = { ...state.answer()?.errors, ...content.errors };
      return finer && !content.lesson ? { ...content, errors } : content;
    },

    next: asker.next,

    stop() {
      asker.stop();
      clearTimeout(timer);
    },
  };
}

// Whether anybody looks: the page is in front and the lesson in sight. Nothing runs for nobody.

/**
 * @param {Element} root
 * @param {() => void} onBack
 */
export function makeWatch(root, onBack) {
  let inSight = true;
  const looked = () => inSight && !document.hidden;
  const change = () => looked() && onBack();
  const observer = new IntersectionObserver((entries) => {
    inSight = Boolean(entries.at(-1)?.isIntersecting);
    change();
  });
  observer.observe(root);
  document.addEventListener("visibilitychange", change);
  return {
    looked,
    stop() {
      observer.disconnect();
      document.removeEventListener("visibilitychange", change);
    },
  };
}

/**
 * Call `act` whenever a pixel of the page becomes another number of the screen's.
 *
 * @param {() => void} act
 * @returns {() => void} stops watching
 */
export function watchRatio(act) {
  /** @type {MediaQueryList} */
  let query;
  const changed = () => {
    watch();
    act();
  };
  const stop = () => query?.removeEventListener("change", changed);
  function watch() {
    stop();
    query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`); // true until it changes
    query.addEventListener("change", changed);
  }
  watch();
  return stop;
}

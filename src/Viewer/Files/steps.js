// Steps of the browser's history that a view takes, and takes back itself: Back leads to what was there before, however many were taken.

let back = null; // a promise while the browser goes back

/** Whether this place of the history is a step that a view took; that survives a reload, and a link to it is none. */
export const isStep = () => Boolean(history.state?.isStep);

/** Calls when the browser is where it was sent back to: a step that is taken before would be lost, or lead elsewhere. */
export function whenBack(action) {
  if (back) back.then(action);
  else action();
}

export const takeStep = link => history.pushState({ isStep: true }, '', link);

/** Puts another link in the place of this one; what is a step stays one, unless it `ends`. */
export const replaceLink = (link, ends = false) => history.replaceState(ends ? null : history.state, '', link);

export function takeStepBack() {
  const mine = back = new Promise(resolve => {
    addEventListener('popstate', resolve, { once: true });
    setTimeout(resolve, 3000); // where nothing is left to go back to
  }).then(() => { if (back === mine) back = null; });
  history.back();
}

// Any link that is followed while the browser goes back waits for it, too.
addEventListener('click', event => {
  const link = event.target.closest?.('a[href^="#"]');
  if (!back || !link || event.defaultPrevented || !isPlain(event)) return;
  event.preventDefault();
  whenBack(() => { location.hash = link.hash; });
});

/** Whether a click is one that follows a link here, not in another tab. */
export const isPlain = event => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

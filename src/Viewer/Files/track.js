// A track that a list scrolls along, of any length. Browsers cut an element off somewhere between 17 and 33 million pixels: a list that is
// longer has a shorter track, and each of its pixels stands for more than one of the list.

const longest = 15_000_000;

export class Track {
  /**
   * @param {HTMLElement} window what scrolls
   * @param {HTMLElement} list what lies in it, whose height is the track's
   */
  constructor(window, list) {
    this.window = window;
    this.list = list;
    this.length = 0;
    this.view = 0; // how high the window was when it was looked at last, where that matters
    this.exact = null; // the pixel that was asked for, until somebody scrolls
  }

  /** Makes it as long as a list of so many pixels needs, in a window as high as it is now. What is in sight stays while it is there. */
  resize(length) {
    const { top, factor } = this;
    this.view = length > longest ? this.window.clientHeight : 0;
    this.length = length;
    this.list.style.height = `${Math.min(length, longest)}px`;
    if (this.factor !== factor) this.top = top;
  }

  /** Pixels of the list for each one of the track. */
  get factor() {
    return this.view > 0 ? (this.length - this.view) / (longest - this.view) : 1;
  }

  /** The first pixel of the list that is in sight. */
  get top() {
    const { scrollTop } = this.window;
    return this.exact?.scrollTop === scrollTop ? this.exact.top : scrollTop * this.factor;
  }

  set top(pixel) {
    const { factor } = this;
    this.window.scrollTop = pixel / factor;
    // Browsers scroll to whole pixels, and each stands for some: where the list grows again and again, it would move a little each time.
    const { scrollTop } = this.window;
    this.exact = factor > 1 && Math.abs(scrollTop * factor - pixel) <= factor ? { scrollTop, top: pixel } : null;
  }

  /** What to take away from a place of the list to have the one on the track, now. It is 0 where the track is as long as the list. */
  get shift() {
    return this.top - this.window.scrollTop;
  }
}

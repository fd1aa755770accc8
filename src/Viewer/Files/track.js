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
  }

  /** Makes it as long as a list of so many pixels needs. */
  resize(length) {
    this.length = length;
    this.list.style.height = `${Math.min(length, longest)}px`;
  }

  /** Pixels of the list for each one of the track. */
  get factor() {
    const view = this.window.clientHeight;
    return this.length > longest && view > 0 ? (this.length - view) / (longest - view) : 1;
  }

  /** The first pixel of the list that is in sight. */
  get top() {
    return this.window.scrollTop * this.factor;
  }

  set top(pixel) {
    this.window.scrollTop = pixel / this.factor;
  }

  /** What to take away from a place of the list to have the one on the track, now. It is 0 where the track is as long as the list. */
  get shift() {
    return this.window.scrollTop * (this.factor - 1);
  }
}

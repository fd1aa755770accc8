// A grid of which only the visible part exists. It scrolls in an element of its own.

import { showThumbnail } from './api.js';
import { drawBoxes } from './boxes.js';
import { eachFrame, h, plural, showFileName } from './dom.js';
import { Track } from './track.js';

const gap = 12;
const caption = 46;

// Milliseconds that a frame gives to making and drawing; what is left follows in the next one.
const budget = 10;

export class Grid {
  /**
   * @param {{ open: (index: number) => string, opened?: (index: number, event: MouseEvent) => void, boxes: (index: number) => any[], note?: (index: number) => any, label: string }} options
   */
  constructor(options) {
    this.options = options;
    this.store = null;
    this.selected = new Uint32Array(0);
    this.tiles = new Map();
    this.free = [];
    this.focused = 0;
    this.generation = 0;
    this.shift = 0;
    this.anchor = null; // what was first in sight before the columns changed, until somebody scrolls
    this.size = innerWidth < 500 ? 150 : 190;
    this.list = h('ul', { class: 'grid-items', 'aria-label': options.label });
    this.element = h('div', { class: 'grid', tabindex: '-1' }, this.list);
    this.track = new Track(this.element, this.list);
    this.update = eachFrame(() => this.render());
    this.element.addEventListener('scroll', () => {
      this.lastScroll = performance.now();
      this.update();
    }, { passive: true });
    this.element.addEventListener('keydown', event => this.onKey(event));
    this.observer = new ResizeObserver(() => {
      this.measure();
      this.update();
    });
    this.observer.observe(this.element);
  }

  /** Shows these images of a store; `keep` leaves the place as it is. */
  show(store, selected, keep = false) {
    this.store = store;
    this.selected = selected;
    if (!keep) {
      this.element.scrollTop = 0;
      this.focused = 0;
      this.anchor = null;
    }
    this.focused = Math.min(this.focused, Math.max(0, selected.length - 1));
    this.measure();
    this.generation++;
    this.update();
  }

  /** Draws what is visible again, with other boxes. */
  redraw() {
    this.generation++;
    this.update();
  }

  zoom(size) {
    this.size = size;
    this.measure();
    this.update();
  }

  /** Takes the size of the grid. With other columns, what was first in sight still is, and a tile that has the focus keeps it. */
  measure() {
    const width = this.element.clientWidth - gap;
    if (width <= 0) return;
    const columns = Math.max(1, Math.floor(width / (this.size + gap)));
    const cell = Math.floor(width / columns) - gap;
    const isOther = columns !== this.columns || cell !== this.cell;
    const first = isOther && this.columns ? this.firstInSight() : null;
    this.columns = columns;
    this.cell = cell;
    this.pictureHeight = Math.round(cell * 0.72);
    this.rowHeight = this.pictureHeight + caption + gap;
    const rows = Math.ceil(this.selected.length / columns);
    this.track.resize(rows * this.rowHeight + gap);
    if (!first) return;
    this.track.top = (Math.floor(first.place / columns) + first.above) * this.rowHeight;
    this.anchor = { ...first, scrollTop: this.element.scrollTop };
    for (const [place, tile] of this.tiles) this.shape(tile, place);
    this.generation++;
  }

  /** The first image in sight, and how much of its row is above. Each change of columns would lead a little further from it. */
  firstInSight() {
    if (this.anchor?.scrollTop === this.element.scrollTop) return this.anchor;
    const row = this.track.top / this.rowHeight;
    // Of a row whose last pixels are in sight, nobody sees an image.
    const first = Math.floor(row + gap / this.rowHeight);
    return { place: first * this.columns, above: row - first };
  }

  clear() {
    for (const tile of this.tiles.values()) this.drop(tile);
    this.tiles.clear();
  }

  /** Takes a tile away. Its elements serve another image: thousands of dead ones are a long task for the garbage collector. */
  drop(tile) {
    clearTimeout(tile.timer);
    tile.stop?.();
    tile.stop = null;
    tile.element.remove();
    this.free.push(tile);
  }

  render(whole = false) {
    if (!this.store || !this.columns) return;
    const end = whole ? Infinity : performance.now() + budget;
    const { top, shift } = this.track;
    const firstRow = Math.max(0, Math.floor(top / this.rowHeight) - 1);
    const lastRow = Math.ceil((top + this.element.clientHeight) / this.rowHeight) + 1;
    const [from, to] = [firstRow * this.columns, Math.min(this.selected.length, lastRow * this.columns)];
    for (const [place, tile] of this.tiles) {
      if (place < from || place >= to || tile.index !== this.selected[place]) {
        // What has the focus stays where the keyboard left it.
        if (place === this.focused && tile.index === this.selected[place] && tile.element.contains(document.activeElement)) continue;
        this.drop(tile);
        this.tiles.delete(place);
      }
    }
    if (shift !== this.shift) {
      this.shift = shift;
      for (const [place, tile] of this.tiles) this.put(tile, place);
    }
    let done = 0;
    for (let place = from; place < to; place++) {
      let tile = this.tiles.get(place);
      if (!tile || tile.generation !== this.generation) {
        // One at least, however slow the machine is.
        if (done++ > 0 && performance.now() > end) {
          this.update();
          break;
        }
        if (!tile) {
          tile = this.make(place);
          this.tiles.set(place, tile);
        }
        this.draw(tile);
        tile.generation = this.generation;
      }
      tile.link.tabIndex = place === this.focused ? 0 : -1;
    }
  }

  /** A tile for an image, of elements that are there already where there are some. */
  make(place) {
    const tile = this.free.pop() ?? this.build();
    const index = this.selected[place];
    const image = this.store.image(index);
    const failed = this.store.error(index);
    Object.assign(tile, { index, image, failed });
    tile.link.className = 'tile';
    tile.frame.className = failed ? 'picture failed' : 'picture';
    tile.why.hidden = !failed;
    tile.why.textContent = failed?.code ?? '';
    tile.picture.hidden = tile.canvas.hidden = Boolean(failed);
    showFileName(tile.name, image.name);
    const { element } = tile;
    element.setAttribute('aria-posinset', place + 1);
    this.shape(tile, place);
    this.list.append(element);
    if (!failed) {
      // What is scrolled past is not asked for.
      const begin = () => {
        if (performance.now() - (this.lastScroll ?? 0) < 90) tile.timer = setTimeout(begin, 60);
        else tile.stop = showThumbnail(tile.picture, image);
      };
      tile.timer = setTimeout(begin, 10);
    }
    return tile;
  }

  /** Gives a tile the size of a cell, and puts it there. */
  shape(tile, place) {
    this.put(tile, place);
    tile.element.style.width = `${this.cell}px`;
    tile.element.style.height = `${this.rowHeight - gap}px`;
    tile.frame.style.height = `${this.pictureHeight}px`;
  }

  /** Puts a tile where its place is in sight. */
  put(tile, place) {
    const [row, column] = [Math.floor(place / this.columns), place % this.columns];
    tile.element.style.transform = `translate(${gap + column * (this.cell + gap)}px, ${gap + row * this.rowHeight - this.shift}px)`;
  }

  /** The elements of a tile, without an image. */
  build() {
    const canvas = h('canvas', { 'aria-hidden': 'true' });
    const picture = h('img', { alt: '', draggable: 'false' });
    const why = h('span', { class: 'why' });
    const name = h('bdi', { class: 'name' });
    const count = h('span', { class: 'count' });
    const frame = h('span', { class: 'picture' }, picture, canvas, why);
    const link = h('a', { class: 'tile', tabindex: '-1' }, frame, h('span', { class: 'caption' }, name, count));
    picture.addEventListener('load', () => link.classList.add('loaded'));
    picture.addEventListener('error', () => link.classList.add('gone'));
    const tile = { element: h('li', {}, link), link, frame, canvas, picture, why, name, count };
    link.addEventListener('click', event => this.options.opened?.(tile.index, event));
    return tile;
  }

  draw(tile) {
    // The filter may be another one than when the tile was made.
    tile.link.href = this.options.open(tile.index);
    tile.element.setAttribute('aria-setsize', this.selected.length);
    const boxes = tile.failed ? [] : this.options.boxes(tile.index);
    if (!tile.failed) drawBoxes(tile.canvas, boxes, tile.image.width, tile.image.height, [this.cell - 2, this.pictureHeight]);
    const note = this.options.note?.(tile.index);
    tile.count.replaceChildren(note ?? (tile.failed ? 'failed' : plural(boxes.length, 'object')));
  }

  /** Brings an image into view and gives it the focus. */
  focus(place) {
    this.focused = Math.max(0, Math.min(this.selected.length - 1, place));
    const top = Math.floor(this.focused / this.columns) * this.rowHeight;
    const [first, { clientHeight }] = [this.track.top, this.element];
    if (top < first) this.track.top = top;
    else if (top + this.rowHeight + gap > first + clientHeight) this.track.top = top + this.rowHeight + gap - clientHeight;
    this.render(true);
    this.tiles.get(this.focused)?.link.focus({ preventScroll: true });
  }

  onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight)) * this.columns;
    const step = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, PageUp: -page, PageDown: page,
      Home: -Infinity, End: Infinity,
    }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.focus(this.focused + step);
    }
  }

  dispose() {
    this.observer.disconnect();
    this.clear();
  }
}

// One image, large: zoom, pan, boxes, and the table of what was found, each of which highlights the other.

import { imageLink, settings, showThumbnail } from './api.js';
import { colorOf, marks } from './boxes.js';
import { h, number, plural, svg } from './dom.js';

const most = 40;

export class Picture {
  constructor() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.pointers = new Map();
    this.note = ''; // what is said beside the image
    this.image = h('img', { alt: '', draggable: 'false' });
    this.overlay = svg('svg', { class: 'overlay', 'aria-hidden': 'true' });
    this.stage = h('div', { class: 'stage' }, this.image, this.overlay);
    this.message = h('p', { class: 'stage-message', role: 'status' });
    this.view = h('div', {
      class: 'viewport', tabindex: '0', role: 'group',
      'aria-label': 'The image. Plus and minus zoom, zero fits, Shift with an arrow key pans.',
    }, this.stage, this.message,
    h('div', { class: 'zoom' },
      this.button('−', 'Zoom out', () => this.zoom(1 / 1.4)),
      this.button('Fit', 'Fit the image into the window', () => this.fit()),
      this.button('1:1', '1:1, a pixel of the image is one of the screen', () => this.zoom(this.exact / this.scale)),
      this.button('+', 'Zoom in', () => this.zoom(1.4))));
    this.table = h('tbody');
    this.summary = h('p', { class: 'muted' });
    this.facts = h('dl', { class: 'facts' });
    this.side = h('div', { class: 'side' }, this.summary,
      h('div', { class: 'scroll', tabindex: '0', 'aria-label': 'Detections', role: 'region' },
        h('table', { class: 'found' },
          h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Class'), h('th', { scope: 'col', class: 'num' }, 'Score'),
            h('th', { scope: 'col', class: 'num wide' }, 'x, y'), h('th', { scope: 'col', class: 'num wide' }, 'Size'))),
          this.table)),
      this.facts);
    this.element = h('div', { class: 'picture-view' }, this.view, this.side);
    this.view.addEventListener('wheel', event => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), event.offsetX, event.offsetY, event.target);
    }, { passive: false });
    for (const name of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel']) {
      this.view.addEventListener(name, event => this.onPointer(event));
    }
    this.view.addEventListener('dblclick', event => {
      if (event.target.closest('.zoom')) return;
      if (this.scale > 1.01) this.fit();
      else this.zoom(2.5);
    });
    this.view.addEventListener('keydown', event => this.onKey(event));
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(this.view);
    this.image.addEventListener('load', () => {
      this.message.textContent = this.note;
      this.message.classList.toggle('over', this.note !== '');
      if (!this.width) {
        this.width = this.image.naturalWidth;
        this.height = this.image.naturalHeight;
        this.fit();
      }
    });
  }

  button(text, label, action) {
    return h('button', { type: 'button', class: 'secondary', 'aria-label': label, title: label, onclick: action }, text);
  }

  /** Shows an image of storage. */
  async show(image, boxes, facts = []) {
    this.begin(image.width, image.height, boxes, facts);
    const wanted = this.wanted = Symbol();
    this.message.textContent = 'Loading…';
    // Of what was overwritten, the grid's small picture is often still there.
    const preview = ([size, ...smaller] = [1600, 256]) => {
      this.stop?.();
      this.image.onerror = () => {
        if (this.wanted !== wanted) return;
        if (smaller.length) preview(smaller);
        else this.message.textContent = this.note || 'The image cannot be shown: it is gone, was overwritten, or cannot be read.';
      };
      this.stop = showThumbnail(this.image, image, size);
    };
    // What browsers cannot show, the app shows.
    if (/\.tiff?$/i.test(image.name)) return preview();
    this.image.onerror = () => preview();
    try {
      await settings();
      const link = await imageLink(image);
      if (this.wanted === wanted) this.image.src = link.url;
    } catch (error) {
      if (this.wanted !== wanted) return;
      if (error.code === 'blob_changed') this.note = 'The image was overwritten after this was found in it. Only a small picture of it may be left.';
      preview();
    }
  }

  /** Shows a file of this machine. */
  showFile(url, width, height, boxes, facts = []) {
    this.begin(width, height, boxes, facts);
    this.image.onerror = () => { this.message.textContent = 'This browser cannot show such an image; what was found stands beside it.'; };
    this.image.src = url;
  }

  begin(width, height, boxes, facts) {
    this.stop?.();
    this.stop = null;
    this.width = width;
    this.height = height;
    this.image.removeAttribute('src');
    this.note = this.message.textContent = '';
    this.message.classList.remove('over');
    this.setBoxes(boxes);
    this.facts.replaceChildren(...facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
    this.fit();
  }

  setBoxes(boxes) {
    this.boxes = boxes;
    this.summary.textContent = plural(boxes.length, 'object');
    this.overlay.setAttribute('viewBox', `0 0 ${this.width || 1} ${this.height || 1}`);
    this.shapes = boxes.map((box, i) => {
      const color = box.mark ? marks[box.mark] : colorOf(box.classId).fill;
      const shape = svg('g', { class: `box ${box.mark ?? ''}` });
      const area = { x: box.x, y: box.y, width: Math.max(1, box.width), height: Math.max(1, box.height) };
      shape.append(svg('rect', { ...area, class: 'under' }), svg('rect', { ...area, class: 'line', stroke: color }));
      const label = svg('text', { x: box.x, y: box.y, class: 'tag' });
      label.textContent = box.score === undefined ? box.className : `${box.className} ${box.score.toFixed(2)}`;
      label.style.fill = color;
      shape.append(label);
      shape.addEventListener('pointerenter', () => this.highlight(i, true));
      shape.addEventListener('pointerleave', () => this.highlight(-1));
      return shape;
    });
    this.overlay.replaceChildren(...[...this.shapes].reverse());
    this.rows = boxes.map((box, i) => {
      const row = h('tr', { tabindex: '0' },
        h('td', {}, this.swatch(box), h('bdi', {}, box.className), box.mark ? h('span', { class: `mark ${box.mark}` }, box.mark) : null),
        h('td', { class: 'num' }, box.score === undefined ? '' : box.score.toFixed(3)),
        h('td', { class: 'num wide' }, `${Math.round(box.x)}, ${Math.round(box.y)}`),
        h('td', { class: 'num wide' }, `${Math.round(box.width)} × ${Math.round(box.height)}`));
      row.addEventListener('pointerenter', () => this.highlight(i));
      row.addEventListener('pointerleave', () => this.highlight(-1));
      row.addEventListener('focus', () => this.highlight(i));
      row.addEventListener('blur', () => this.highlight(-1));
      return row;
    });
    this.table.replaceChildren(...this.rows);
  }

  swatch(box) {
    const mark = h('span', { class: 'swatch' });
    mark.style.background = box.mark ? marks[box.mark] : colorOf(box.classId).fill;
    return mark;
  }

  highlight(which, scroll = false) {
    this.overlay.classList.toggle('some', which >= 0);
    this.shapes.forEach((shape, i) => shape.classList.toggle('on', i === which));
    this.rows.forEach((row, i) => row.classList.toggle('on', i === which));
    if (scroll && which >= 0) this.rows[which].scrollIntoView({ block: 'nearest' });
  }

  layout() {
    if (!this.width || !this.view.clientWidth) return;
    const [w, height] = [this.view.clientWidth, this.view.clientHeight];
    this.base = Math.min(w / this.width, height / this.height);
    const [iw, ih] = [this.width * this.base, this.height * this.base];
    this.stage.style.width = `${iw}px`;
    this.stage.style.height = `${ih}px`;
    // At least a corner stays in sight.
    const [sw, sh] = [iw * this.scale, ih * this.scale];
    this.x = sw <= w ? (w - sw) / 2 : Math.min(0, Math.max(w - sw, this.x));
    this.y = sh <= height ? (height - sh) / 2 : Math.min(0, Math.max(height - sh, this.y));
    this.stage.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    const pixel = 1 / (this.base * this.scale);
    this.overlay.style.setProperty('--pixel', pixel);
    this.image.classList.toggle('sharp', this.base * this.scale > 3);
  }

  /** The scale at which a pixel of the image is one of the screen. */
  get exact() {
    return 1 / (this.base * (devicePixelRatio || 1));
  }

  fit() {
    this.scale = 1;
    this.layout();
  }

  zoom(factor, x = this.view.clientWidth / 2, y = this.view.clientHeight / 2, target = this.view) {
    if (target !== this.view) {
      // An offset within the picture becomes one within the window.
      [x, y] = this.pointer ?? [this.view.clientWidth / 2, this.view.clientHeight / 2];
    }
    // A small image is shown larger than it is when it fits.
    const scale = Math.min(most, Math.max(Math.min(1, this.exact), this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.layout();
  }

  onPointer(event) {
    const area = this.view.getBoundingClientRect();
    const at = this.pointer = [event.clientX - area.left, event.clientY - area.top];
    if (event.target.closest?.('.zoom')) return;
    if (event.type === 'pointerdown') {
      this.pointers.set(event.pointerId, at);
      this.view.setPointerCapture(event.pointerId);
      return;
    }
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    if (event.type !== 'pointermove') {
      this.pointers.delete(event.pointerId);
      return;
    }
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
    if (others.length === 1) {
      const [, other] = others[0];
      const distance = point => Math.hypot(point[0] - other[0], point[1] - other[1]);
      this.zoom(distance(at) / Math.max(1, distance(before)), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
    } else {
      this.x += at[0] - before[0];
      this.y += at[1] - before[1];
      this.layout();
    }
    this.pointers.set(event.pointerId, at);
  }

  onKey(event) {
    const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (event.key === '+' || event.key === '=') this.zoom(1.4);
    else if (event.key === '-') this.zoom(1 / 1.4);
    else if (event.key === '0') this.fit();
    else if (event.shiftKey && step) {
      this.x += step[0];
      this.y += step[1];
      this.layout();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  dispose() {
    this.wanted = null;
    this.stop?.();
    this.observer.disconnect();
  }
}

/** The facts about an image that stand beside it. */
export const factsOf = (image, store, index) => [
  ['Size', image.width ? `${number(image.width)} × ${number(image.height)} pixels` : 'unknown'],
  ['Container', image.container ?? 'files'],
  ['Model', store.models.list[store.model.values[index]] || 'none'],
];

// Results in columns. A hundred thousand documents would take hundreds of megabytes; their numbers in typed arrays take a few tens.

import { get } from './api.js';
import { pause } from './dom.js';

export const BINS = 100;

/** The most results that a page holds; beyond, a prefix has to narrow the view. */
export const MOST = 250_000;

class Column {
  constructor(type, capacity = 1024) {
    this.values = new type(capacity);
    this.length = 0;
  }

  push(value) {
    if (this.length === this.values.length) {
      const larger = new this.values.constructor(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }
}

class Words {
  constructor() {
    this.list = [];
    this.index = new Map();
  }

  of(text) {
    let index = this.index.get(text);
    if (index === undefined) {
      index = this.list.push(text) - 1;
      this.index.set(text, index);
    }
    return index;
  }
}

/** Whether a score is one of at least `min`. Scores are single precision, here and in the app, so the limit is, too. */
export const isAtLeast = (score, min) => Math.fround(score) >= Math.fround(min);

/** Which bin a score belongs to: that of 0.35 begins at 0.35. */
export const binOf = score => {
  const bin = Math.round(score * BINS);
  return Math.min(BINS - 1, Math.max(0, isAtLeast(score, bin / BINS) ? bin : bin - 1));
};

const isPlain = text => /^[\x00-\x7f]*$/.test(text);

/** A text without its case, letter by letter, as the app does it. */
export const withoutCase = text => (isPlain(text) ? text.toLowerCase() : [...text].map(letter => {
  const lower = letter.toLowerCase();
  return lower.length === letter.length ? lower : letter;
}).join(''));

/** The index of no class, or code, among all; that of one which no result has yet is another. */
export const EVERY = -1;

export class ResultStore {
  constructor() {
    this.names = [];
    this.etags = [];
    this.containers = new Words();
    this.classes = new Words();
    this.classIds = [];
    this.codes = new Words();
    this.models = new Words();
    this.messages = new Map();
    this.container = new Column(Uint8Array);
    this.model = new Column(Uint8Array);
    this.width = new Column(Uint16Array);
    this.height = new Column(Uint16Array);
    this.code = new Column(Uint8Array); // 0: detected; else 1 + index of the failure's code
    this.first = new Column(Uint32Array);
    this.best = new Column(Float32Array);
    this.cls = new Column(Uint16Array);
    this.score = new Column(Float32Array);
    this.box = new Column(Float32Array);
    this.histograms = []; // of each class, the scores
    this.certain = []; // of each class, how many have the score 1, which shares the last bin with lower ones
    this.failures = []; // of each code, how many
    this.first.push(0);
    this.objects = 0; // of the images that were selected last
  }

  get length() {
    return this.names.length;
  }

  add(result) {
    const { image } = result;
    const index = this.names.push(image.name) - 1;
    this.etags.push(image.etag);
    this.container.push(this.containers.of(image.container));
    this.model.push(this.models.of(result.model ? `${result.model.name} ${result.model.version}` : ''));
    this.width.push(image.width ?? 0);
    this.height.push(image.height ?? 0);
    if (result.error) {
      const code = this.codes.of(result.error.code);
      this.code.push(code + 1);
      this.failures[code] = (this.failures[code] ?? 0) + 1;
      this.messages.set(index, result.error.message);
    } else {
      this.code.push(0);
    }
    let best = 0;
    for (const found of result.detections ?? []) {
      const cls = this.classes.of(found.className);
      if (cls === this.classIds.length) {
        this.classIds.push(found.classId);
        this.histograms.push(new Uint32Array(BINS));
        this.certain.push(0);
      }
      this.cls.push(cls);
      this.score.push(found.score);
      this.box.push(found.box.x);
      this.box.push(found.box.y);
      this.box.push(found.box.width);
      this.box.push(found.box.height);
      this.histograms[cls][binOf(found.score)]++;
      if (isAtLeast(found.score, 1)) this.certain[cls]++;
      if (found.score > best) best = found.score;
    }
    this.best.push(best);
    this.first.push(this.cls.length);
  }

  image(index) {
    return {
      container: this.containers.list[this.container.values[index]],
      name: this.names[index],
      etag: this.etags[index],
      width: this.width.values[index],
      height: this.height.values[index],
    };
  }

  isFailed(index) {
    return this.code.values[index] > 0;
  }

  error(index) {
    const code = this.code.values[index];
    return code === 0 ? null : { code: this.codes.list[code - 1], message: this.messages.get(index) };
  }

  /** The detections of an image with at least this score; of one class when one is given. */
  detections(index, min = 0, cls = EVERY) {
    const found = [];
    const [boxes, scores, classes] = [this.box.values, this.score.values, this.cls.values];
    for (let i = this.first.values[index]; i < this.first.values[index + 1]; i++) {
      if (isAtLeast(scores[i], min) && (cls === EVERY || classes[i] === cls)) {
        found.push({
          cls: classes[i],
          className: this.classes.list[classes[i]],
          classId: this.classIds[classes[i]],
          score: scores[i],
          x: boxes[4 * i], y: boxes[4 * i + 1], width: boxes[4 * i + 2], height: boxes[4 * i + 3],
        });
      }
    }
    return found;
  }

  /** How many detections of each class have at least this score, which is one of hundredths. */
  counts(min) {
    if (isAtLeast(min, 1)) return [...this.certain];
    const from = binOf(min);
    return this.histograms.map(bins => {
      let sum = 0;
      for (let i = from; i < BINS; i++) sum += bins[i];
      return sum;
    });
  }

  /**
   * The images that meet a filter, in order. The order is that of the detections which the filter takes; how many they are in all these
   * images is in `objects`.
   * @param {{min?: number, cls?: number, status?: string, code?: string, text?: string, sort?: string, only?: (index: number) => boolean,
   *   empty?: boolean, lacking?: boolean}} filter `empty`: without any object; `lacking`: of a class, those without it as well
   */
  select({ min = 0, cls = EVERY, status = '', code = '', text = '', sort = '', only = null, empty = false, lacking = false }) {
    const wanted = new Uint32Array(this.length);
    const [first, scores, classes, codes, best] =
      [this.first.values, this.score.values, this.cls.values, this.code.values, this.best.values];
    const codeIndex = code ? (this.codes.index.get(code) ?? -2) + 1 : 0;
    const needle = withoutCase(text);
    const keys = sort === 'score' || sort === 'objects' ? new Float64Array(this.length) : null;
    const least = Math.fround(min);
    this.objects = 0;
    let count = 0;
    for (let i = 0; i < this.length; i++) {
      const failed = codes[i] > 0;
      if ((status === 'failed' && !failed) || (status === 'detected' && failed) || (codeIndex !== 0 && codes[i] !== codeIndex)) continue;
      if (cls !== EVERY && !lacking) {
        let found = false;
        for (let d = first[i]; d < first[i + 1] && !found; d++) found = classes[d] === cls && isAtLeast(scores[d], min);
        if (!found) continue;
      } else if (empty && (failed || (first[i + 1] > first[i] && isAtLeast(best[i], min)))) {
        continue;
      }
      if (needle && !withoutCase(this.names[i]).includes(needle)) continue;
      if (only && !only(i)) continue;
      wanted[count++] = i;
      let [taken, top] = [0, -1];
      for (let d = first[i]; d < first[i + 1]; d++) {
        if (scores[d] >= least && (cls === EVERY || classes[d] === cls)) {
          taken++;
          if (scores[d] > top) top = scores[d];
        }
      }
      this.objects += taken;
      if (keys) keys[i] = sort === 'score' ? top : taken;
    }
    const selected = wanted.subarray(0, count);
    if (sort === 'name') {
      const names = this.names;
      selected.sort((a, b) => (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : a - b));
    } else if (keys) {
      selected.sort((a, b) => keys[b] - keys[a] || a - b);
    }
    return selected;
  }
}

/** Loads results page by page into a store. */
export class Loader {
  /**
   * @param {Record<string, any>} query job, container, prefix, status, code
   * @param {() => void} changed is called after every page
   */
  constructor(query, changed) {
    this.query = query;
    this.changed = changed;
    this.store = new ResultStore();
    this.total = null;
    this.done = false;
    this.full = false;
    this.error = null;
    this.abort = new AbortController();
  }

  async run() {
    let continuation = null;
    // The first page is small, so that something is there at once.
    let limit = 100;
    try {
      do {
        const page = await get('results', { ...this.query, limit, continuation }, this.abort.signal);
        const mark = performance.now();
        let rest = mark;
        for (const result of page.items) {
          this.store.add(result);
          if (performance.now() - rest > 12) {
            await pause();
            if (this.abort.signal.aborted) return;
            rest = performance.now();
          }
        }
        this.total = page.total;
        continuation = page.continuation;
        limit = 1000;
        this.changed();
        await pause();
        if (this.abort.signal.aborted) return;
      } while (continuation !== null && this.store.length < MOST);
      this.full = continuation !== null;
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.error = error;
    }
    this.done = true;
    this.changed();
  }

  stop() {
    this.abort.abort();
  }
}

// Which boxes mean the same object: between two results, and between a result and the truth.

export function overlap(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

/** How much of a box lies in another one, 0 to 1. */
export function share(box, area) {
  const width = Math.min(box.x + box.width, area.x + area.width) - Math.max(box.x, area.x);
  const height = Math.min(box.y + box.height, area.y + area.height) - Math.max(box.y, area.y);
  return width <= 0 || height <= 0 ? 0 : (width * height) / (box.width * box.height);
}

/** Pairs boxes, the best overlap first. `same` says whether two may be a pair. */
export function pairs(left, right, same, least = 0.5) {
  const candidates = [];
  left.forEach((a, i) => right.forEach((b, j) => {
    if (same(a, b)) {
      const iou = overlap(a, b);
      if (iou >= least) candidates.push([iou, i, j]);
    }
  }));
  candidates.sort((a, b) => b[0] - a[0]);
  const [usedLeft, usedRight] = [new Set(), new Set()];
  const found = [];
  for (const [iou, i, j] of candidates) {
    if (!usedLeft.has(i) && !usedRight.has(j)) {
      usedLeft.add(i);
      usedRight.add(j);
      found.push([i, j, iou]);
    }
  }
  return { found, leftOver: left.map((_, i) => i).filter(i => !usedLeft.has(i)), rightOver: right.map((_, j) => j).filter(j => !usedRight.has(j)) };
}

/** The boxes of two results of one image, marked, and how much differs. */
export function compare(before, after, leastChange = 0.1) {
  const [a, b] = [before.map(box => ({ ...box, mark: 'same' })), after.map(box => ({ ...box, mark: 'same' }))];
  const exact = pairs(a, b, (x, y) => x.className === y.className);
  let [gained, lost, changed, amount] = [0, 0, 0, 0];
  for (const [i, j] of exact.found) {
    const difference = Math.abs(a[i].score - b[j].score);
    if (difference >= leastChange) {
      a[i].mark = b[j].mark = 'changed';
      changed++;
      amount += difference;
    }
  }
  // What is left may be the same object under another class.
  const rest = pairs(exact.leftOver.map(i => a[i]), exact.rightOver.map(j => b[j]), () => true);
  for (const [i, j] of rest.found) {
    a[exact.leftOver[i]].mark = b[exact.rightOver[j]].mark = 'changed';
    changed++;
    amount++;
  }
  for (const i of rest.leftOver) {
    a[exact.leftOver[i]].mark = 'lost';
    lost++;
    amount += a[exact.leftOver[i]].score;
  }
  for (const j of rest.rightOver) {
    b[exact.rightOver[j]].mark = 'gained';
    gained++;
    amount += b[exact.rightOver[j]].score;
  }
  return { before: a, after: b, gained, lost, changed, amount };
}

/** A name, and what is left of it without its folders, one after the other: a/b/c, b/c, c. */
export function* endingsOf(name) {
  yield name;
  for (let i = name.indexOf('/'); i >= 0; i = name.indexOf('/', i + 1)) yield name.slice(i + 1);
}

const put = (map, key, value) => map.set(key, map.has(key) ? null : value);
const count = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);

/**
 * Which names of two sides mean the same image: those that are the same, or else those with the longest common ending of whole parts, where
 * that ending is of one name of each side only. One side is put in first; the other one may come bit by bit.
 */
export class NameMatch {
  constructor() {
    this.byName = new Map();
    this.byEnding = new Map();
    this.begin();
  }

  /** A name of the one side, and what it stands for, which is never null. */
  put(name, value) {
    put(this.byName, name, value);
    for (const ending of endingsOf(name)) put(this.byEnding, ending, value);
  }

  /** Forgets the names of the other side. */
  begin() {
    this.names = new Map();
    this.endings = new Map();
  }

  /** Takes a name of the other side into account: an ending that two of them share tells neither, and a name not looked at nothing. */
  look(name) {
    if (this.byName.has(name)) count(this.names, name);
    for (const ending of endingsOf(name)) if (this.byEnding.has(ending)) count(this.endings, ending);
  }

  /**
   * What a name of the other side means.
   * @returns `value`, null for none, and then whether the name `isAmbiguous`
   */
  find(name) {
    if (this.byName.has(name)) return this.only(this.byName.get(name), this.names.get(name));
    for (const ending of endingsOf(name)) {
      if (this.byEnding.has(ending)) return this.only(this.byEnding.get(ending), this.endings.get(ending));
    }
    return { value: null, isAmbiguous: false };
  }

  only(value, others) {
    return value !== null && others === 1 ? { value, isAmbiguous: false } : { value: null, isAmbiguous: true };
  }
}

/** Ground truth in COCO's format: file names, categories and boxes. */
export class Truth {
  constructor(document) {
    if (!Array.isArray(document?.images) || !Array.isArray(document.annotations) || !Array.isArray(document.categories)) {
      throw new Error('Expected a COCO file with images, annotations and categories, found another JSON document.');
    }
    const categories = new Map(document.categories.map(category => [category.id, category.name]));
    const images = new Map(document.images.map(image => [image.id, { name: String(image.file_name), boxes: [], crowds: [] }]));
    for (const one of document.annotations) {
      if (Array.isArray(one.bbox)) {
        images.get(one.image_id)?.[one.iscrowd ? 'crowds' : 'boxes'].push({
          className: categories.get(one.category_id) ?? '?', x: one.bbox[0], y: one.bbox[1], width: one.bbox[2], height: one.bbox[3],
        });
      }
    }
    this.size = images.size;
    this.match = new NameMatch();
    for (const image of images.values()) this.match.put(image.name, image);
    this.begin(null);
  }

  begin(store) {
    this.store = store;
    this.looked = 0;
    this.match.begin();
  }

  /** Takes the names of a store's results into account. */
  look(store) {
    if (this.store !== store) this.begin(store);
    for (; this.looked < store.length; this.looked++) this.match.look(store.names[this.looked]);
  }

  /**
   * The image of the file that a name means.
   * @returns `image`, or whether the name `isAmbiguous`
   */
  find(name) {
    const { value, isAmbiguous } = this.match.find(name);
    return { image: value, isAmbiguous };
  }

  /**
   * The detections marked true or false, with the missed ones behind them; null for an image without its match in the file. One that lies
   * at least half in a crowd of its class is neither, as COCO's evaluation has it: the file does not say where each of a crowd is.
   * @param {string} className the only class that was looked for; empty for all
   */
  judge(name, detections, className = '') {
    const { boxes: all, crowds } = this.find(name).image ?? {};
    if (!all) return null;
    const expected = className ? all.filter(box => box.className === className) : all;
    const boxes = detections.map(box => ({ ...box, mark: 'false' }));
    // The best score takes its object first, as COCO's evaluation does.
    const free = new Set(expected.keys());
    for (const box of boxes) {
      let [best, which] = [0.5, -1];
      for (const i of free) {
        if (expected[i].className === box.className) {
          const iou = overlap(box, expected[i]);
          if (iou >= best) [best, which] = [iou, i];
        }
      }
      if (which >= 0) {
        free.delete(which);
        box.mark = 'true';
      } else if (crowds.some(crowd => crowd.className === box.className && share(box, crowd) >= 0.5)) {
        box.mark = 'crowd';
      }
    }
    const missed = [...free].map(i => ({ ...expected[i], classId: 0, mark: 'missed' }));
    const countOf = mark => boxes.filter(box => box.mark === mark).length;
    return { boxes: [...boxes, ...missed], right: countOf('true'), wrong: countOf('false'), missed: missed.length };
  }
}

// Which boxes mean the same object: between two results, and between a result and the truth.

export function overlap(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
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

/** Ground truth in COCO's format: file names, categories and boxes. */
export class Truth {
  constructor(document) {
    if (!Array.isArray(document?.images) || !Array.isArray(document.annotations) || !Array.isArray(document.categories)) {
      throw new Error('Expected a COCO file with images, annotations and categories, found another JSON document.');
    }
    const categories = new Map(document.categories.map(category => [category.id, category.name]));
    const names = new Map(document.images.map(image => [image.id, image.file_name]));
    this.images = new Map([...names.values()].map(name => [this.nameOf(name), []]));
    for (const one of document.annotations) {
      const name = names.get(one.image_id);
      if (name !== undefined && Array.isArray(one.bbox) && !one.iscrowd) {
        this.images.get(this.nameOf(name)).push({
          className: categories.get(one.category_id) ?? '?', x: one.bbox[0], y: one.bbox[1], width: one.bbox[2], height: one.bbox[3],
        });
      }
    }
  }

  /** Files are the same when their names without folders are. */
  nameOf(name) {
    return name.slice(name.lastIndexOf('/') + 1);
  }

  /** The detections marked true or false, with the missed ones behind them; null for an image that the file does not have. */
  judge(name, detections) {
    const expected = this.images.get(this.nameOf(name));
    if (!expected) return null;
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
      }
    }
    const missed = [...free].map(i => ({ ...expected[i], classId: 0, mark: 'missed' }));
    const right = boxes.filter(box => box.mark === 'true').length;
    return { boxes: [...boxes, ...missed], right, wrong: boxes.length - right, missed: missed.length };
  }
}

// Boxes: the colours of annotated pictures, and the two ways of drawing.

import { svg } from './dom.js';

const colors = new Map();

/** The colour of a class, as the command line draws it: hues a golden angle apart. */
export function colorOf(classId) {
  let color = colors.get(classId);
  if (!color) {
    const hue = (classId * 137.50776405003785) % 360;
    const channel = n => {
      const k = (n + hue / 60) % 6;
      return Math.round(255 * 0.95 * (1 - 0.85 * Math.min(1, Math.max(0, Math.min(k, 4 - k)))));
    };
    const [red, green, blue] = [channel(5), channel(3), channel(1)];
    color = { fill: `rgb(${red} ${green} ${blue})`, text: 0.114 * blue + 0.587 * green + 0.299 * red > 140 ? '#000' : '#fff' };
    colors.set(classId, color);
  }
  return color;
}

export const marks = { true: '#1a9c4b', false: '#d92d3a', missed: '#e08a00', gained: '#1a9c4b', lost: '#d92d3a', changed: '#e08a00', same: '#8b93a5', crowd: '#8b93a5' };

/**
 * Draws boxes on a canvas that covers a picture of width x height pixels, shown whole and in the middle. Whoever knows the canvas's size
 * gives it: asking for it would lay out the page each time.
 */
export function drawBoxes(canvas, boxes, width, height, size = null) {
  const ratio = Math.min(2, devicePixelRatio || 1);
  const [w, h] = size ?? [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
  }
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, w, h);
  if (!width || !height || !boxes.length) return;
  const scale = Math.min(w / width, h / height);
  const [left, top] = [(w - scale * width) / 2, (h - scale * height) / 2];
  for (let i = boxes.length - 1; i >= 0; i--) {
    const box = boxes[i];
    const color = box.mark ? marks[box.mark] : colorOf(box.classId).fill;
    const [x, y] = [left + scale * box.x, top + scale * box.y];
    const [bw, bh] = [Math.max(2, scale * box.width), Math.max(2, scale * box.height)];
    context.strokeStyle = 'rgb(0 0 0 / .45)';
    context.lineWidth = 3;
    context.setLineDash([]);
    context.strokeRect(x, y, bw, bh);
    context.strokeStyle = color;
    context.lineWidth = 1.75;
    context.setLineDash(box.mark === 'missed' || box.mark === 'lost' ? [5, 3] : []);
    context.strokeRect(x, y, bw, bh);
  }
}

/** A small histogram of scores. */
export function histogram(bins, min, classId, width = 96, height = 22) {
  const bars = 24;
  const grouped = new Float64Array(bars);
  bins.forEach((count, i) => { grouped[Math.floor((i * bars) / bins.length)] += count; });
  const most = Math.max(...grouped, 1);
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'histogram', 'aria-hidden': 'true', preserveAspectRatio: 'none' });
  grouped.forEach((count, i) => {
    if (count > 0) {
      const bar = Math.max(1.5, (Math.sqrt(count) / Math.sqrt(most)) * height);
      picture.append(svg('rect', {
        x: (i * width) / bars, y: height - bar, width: width / bars - 0.6, height: bar,
        fill: colorOf(classId).fill, opacity: (i + 1) / bars > min ? 1 : 0.25,
      }));
    }
  });
  return picture;
}

// Two jobs side by side: what one found and the other did not, the largest difference first.

import { get, showThumbnail } from './api.js';
import { drawBoxes } from './boxes.js';
import { arrange, complain, eachFrame, h, nameList, nameOf, number, pause, plural, say } from './dom.js';
import { compare } from './match.js';
import { Loader, MOST } from './store.js';
import { Track } from './track.js';

const rowHeight = 246;

export function compareView({ parameters, config, linkTo, change }) {
  const state = {
    before: parameters.get('before') ?? config.compared[0]?.job ?? '', after: parameters.get('after') ?? config.compared[1]?.job ?? '',
    min: Number(parameters.get('min')) || 0, kind: parameters.get('kind') ?? '',
  };
  const select = side => h('select', { 'aria-label': side, onchange: event => { state[side] = event.target.value; begin(); } }, h('option', { value: '' }, 'Choose a job'));
  const [before, after] = [select('before'), select('after')];
  const slider = h('input', { type: 'range', min: '0', max: '1', step: '0.01', id: 'compare-score', value: String(state.min), oninput: () => { state.min = Number(slider.value); value.textContent = state.min.toFixed(2); again(); } });
  state.min = Number(slider.value);
  const value = h('output', { for: 'compare-score' }, state.min.toFixed(2));
  const summary = h('div', { class: 'sums', role: 'group', 'aria-label': 'Differences' });
  const advice = config.compared.length ? '' : 'Choose two jobs over the same images. To compare models, run a job with each.';
  const status = h('p', { class: 'muted', role: 'status' }, advice);
  const apart = h('div', { class: 'apart' });
  const items = h('ul', { class: 'pairs-items', 'aria-label': 'Images, the largest difference first' });
  const list = h('div', { class: 'pairs', tabindex: '-1' }, items);
  const element = h('div', { class: 'page compare-page' }, h('h1', {}, 'Compare'),
    h('div', { class: 'row compare-head' },
      h('label', { class: 'grow' }, h('span', {}, 'Before'), before), h('label', { class: 'grow' }, h('span', {}, 'After'), after),
      h('div', { class: 'grow' }, h('div', { class: 'label-row' }, h('label', { for: 'compare-score' }, 'Lowest score'), value), slider)),
    summary, status, apart, list);
  const track = new Track(list, items);
  const kinds = Object.fromEntries(['gained', 'lost', 'changed'].map(kind => [kind, h('button', {
    type: 'button', class: `sum ${kind}`,
    onclick: () => {
      state.kind = state.kind === kind ? '' : kind;
      again();
    },
  })]));
  let loaders = [];
  let rows = [];
  let apartLists = null;
  let run = 0;
  let disposed = false;
  const drawn = new Map();
  const render = eachFrame(draw);
  list.addEventListener('scroll', render, { passive: true });
  const observer = new ResizeObserver(render);
  observer.observe(list);

  function begin() {
    for (const loader of loaders) loader.stop();
    loaders = [];
    rows = [];
    run++;
    clear();
    arrange(summary, []);
    arrange(apart, []);
    apartLists = null;
    track.resize(0);
    status.textContent = advice;
    remember();
    if (!state.before || !state.after) return;
    const progress = eachFrame(() => {
      if (loaders.length === 2 && !loaders.every(loader => loader.done)) {
        status.textContent = `Loading: ${number(loaders[0].store.length)} and ${number(loaders[1].store.length)} results`;
      }
    });
    const mine = loaders = [state.before, state.after].map(job => new Loader({ job }, progress));
    Promise.all(mine.map(loader => loader.run())).then(() => {
      if (disposed || mine !== loaders) return;
      const failed = mine.find(loader => loader.error);
      if (failed) {
        status.textContent = failed.error.message;
        throw failed.error;
      }
      if (mine.some(loader => loader.full)) say(`Only the first ${number(MOST)} results of each are compared.`);
      again();
    }).catch(complain);
  }

  const remember = () => change({ before: state.before, after: state.after, min: state.min || '', kind: state.kind });
  const again = eachFrame(() => work().catch(complain));

  async function work() {
    if (disposed) return;
    remember();
    if (loaders.length < 2 || !loaders.every(loader => loader.done)) return;
    const mine = ++run;
    const [left, right] = loaders.map(loader => loader.store);
    const keyOf = (store, i) => JSON.stringify([store.containers.list[store.container.values[i]], store.names[i]]);
    const places = new Map();
    for (let i = 0; i < left.length; i++) places.set(keyOf(left, i), i);
    const found = [];
    const sums = { gained: 0, lost: 0, changed: 0, both: 0, differing: 0 };
    // Images of which nothing can be said: what one job has alone, what was overwritten between them, and what failed in one of them.
    const alone = { before: [], after: [], overwritten: [], failedBefore: [], failedAfter: [] };
    let mark = performance.now();
    for (let j = 0; j < right.length; j++) {
      const key = keyOf(right, j);
      const i = places.get(key);
      if (i === undefined) {
        alone.after.push(right.names[j]);
        continue;
      }
      places.delete(key);
      if (left.etags[i] && right.etags[j] && left.etags[i] !== right.etags[j]) {
        alone.overwritten.push(right.names[j]);
        continue;
      }
      if (left.isFailed(i) || right.isFailed(j)) {
        if (!right.isFailed(j)) alone.failedBefore.push(right.names[j]);
        else if (!left.isFailed(i)) alone.failedAfter.push(right.names[j]);
        continue;
      }
      sums.both++;
      const difference = compare(left.detections(i, state.min), right.detections(j, state.min));
      for (const kind of ['gained', 'lost', 'changed']) sums[kind] += difference[kind];
      if (difference.amount > 0) sums.differing++;
      if (state.kind ? difference[state.kind] > 0 : difference.amount > 0) {
        found.push({ i, j, amount: difference.amount, gained: difference.gained, lost: difference.lost, changed: difference.changed });
      }
      if (performance.now() - mark > 30) {
        await pause();
        if (mine !== run) return;
        mark = performance.now();
      }
    }
    alone.before = [...places.values()].map(i => left.names[i]);
    found.sort((a, b) => b.amount - a.amount);
    rows = found;
    clear();
    const modelsOf = store => store.models.list.filter(Boolean).join(', ') || 'no model';
    status.textContent = sums.both === 0 ? 'They have no image in common that was detected in both.'
      : `${number(sums.differing)} of ${number(sums.both)} images differ. ${modelsOf(left)} → ${modelsOf(right)}`;
    for (const [kind, button] of Object.entries(kinds)) {
      button.setAttribute('aria-pressed', String(state.kind === kind));
      button.replaceChildren(h('b', {}, number(sums[kind])), ` ${kind}`);
    }
    arrange(summary, Object.values(kinds));
    // They do not depend on the score: one that was opened stays open.
    apartLists ??= [
      nameList(alone.before, 'only before'), nameList(alone.after, 'only after'),
      nameList(alone.overwritten, 'overwritten in between: not compared'),
      nameList(alone.failedBefore, 'failed before only: not compared'), nameList(alone.failedAfter, 'failed after only: not compared'),
    ].filter(Boolean);
    arrange(apart, apartLists);
    track.resize(rows.length * rowHeight);
    list.scrollTop = 0;
    render();
  }

  function clear() {
    for (const row of drawn.values()) row.drop();
    drawn.clear();
  }

  function draw() {
    const { top, shift } = track;
    const from = Math.max(0, Math.floor(top / rowHeight) - 1);
    const to = Math.min(rows.length, Math.ceil((top + list.clientHeight) / rowHeight) + 1);
    for (const [place, row] of drawn) {
      if (place < from || place >= to) {
        row.drop();
        drawn.delete(place);
      }
    }
    for (let place = from; place < to; place++) {
      if (!drawn.has(place)) drawn.set(place, make(place));
      drawn.get(place).element.style.transform = `translateY(${place * rowHeight - shift}px)`;
    }
  }

  function make(place) {
    const row = rows[place];
    const [left, right] = loaders.map(loader => loader.store);
    const difference = compare(left.detections(row.i, state.min), right.detections(row.j, state.min));
    const stops = [];
    const sides = [[left, row.i, difference.before, state.before, 'Before'], [right, row.j, difference.after, state.after, 'After']].map(([store, index, boxes, job, side]) => {
      const image = store.image(index);
      const picture = h('img', { alt: '' });
      const canvas = h('canvas', { 'aria-hidden': 'true' });
      const link = h('a', {
        class: 'side-picture', 'aria-label': `${side}: ${plural(boxes.length, 'object')}`,
        href: linkTo('results', { job, min: state.min || '', image: `${image.container ?? ''}/${image.name}` }),
      }, picture, canvas);
      stops.push(showThumbnail(picture, image));
      return { link, canvas, boxes, image };
    });
    const element = h('li', { class: 'pair', 'aria-setsize': rows.length, 'aria-posinset': place + 1 },
      h('div', { class: 'pair-head' }, nameOf(right.names[row.j]),
        ['gained', 'lost', 'changed'].filter(kind => row[kind]).map(kind => h('span', { class: `mark ${kind}` }, `${row[kind]} ${kind}`))),
      h('div', { class: 'pair-sides' }, sides.map(side => side.link)));
    items.append(element);
    for (const side of sides) drawBoxes(side.canvas, side.boxes, side.image.width, side.image.height);
    return {
      element,
      drop() {
        for (const stop of stops) stop();
        element.remove();
      },
    };
  }

  return {
    element,
    async start() {
      try {
        const page = config.compared.length ? null : await get('jobs', { limit: 100 });
        const jobs = page?.jobs.map(job => ({ job: job.jobId, title: `${job.jobId} · ${number(job.discovered)} images` })) ?? config.compared;
        for (const [side, box] of [['before', before], ['after', after]]) {
          box.append(...jobs.map(({ job, title }) => h('option', { value: job }, title)));
          if (state[side] && !jobs.some(({ job }) => job === state[side])) box.append(h('option', { value: state[side] }, state[side]));
          if (page?.continuation) box.append(h('option', { disabled: true }, 'Older ones: Compare, under Jobs'));
          box.value = state[side];
        }
      } catch (error) {
        complain(error);
      }
      if (!disposed) begin();
    },
    dispose() {
      disposed = true;
      run++;
      observer.disconnect();
      for (const loader of loaders) loader.stop();
      clear();
    },
  };
}

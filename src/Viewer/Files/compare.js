// Two jobs side by side: what one found and the other did not, the largest difference first.

import { get, showThumbnail } from './api.js';
import { drawBoxes } from './boxes.js';
import { arrange, complain, eachFrame, h, nameOf, number, pause, say } from './dom.js';
import { compare } from './match.js';
import { Loader, MOST } from './store.js';

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
  const items = h('ul', { class: 'pairs-items', 'aria-label': 'Images, the largest difference first' });
  const list = h('div', { class: 'pairs', tabindex: '-1' }, items);
  const element = h('div', { class: 'page compare-page' }, h('h1', {}, 'Compare'),
    h('div', { class: 'row compare-head' },
      h('label', { class: 'grow' }, h('span', {}, 'Before'), before), h('label', { class: 'grow' }, h('span', {}, 'After'), after),
      h('div', { class: 'grow' }, h('div', { class: 'label-row' }, h('label', { for: 'compare-score' }, 'Lowest score'), value), slider)),
    summary, status, list);
  const kinds = Object.fromEntries(['gained', 'lost', 'changed'].map(kind => [kind, h('button', {
    type: 'button', class: `sum ${kind}`,
    onclick: () => {
      state.kind = state.kind === kind ? '' : kind;
      again();
    },
  })]));
  let loaders = [];
  let rows = [];
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
    items.style.height = '0';
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
    const sums = { gained: 0, lost: 0, changed: 0, images: 0, both: 0, differing: 0 };
    let mark = performance.now();
    for (let j = 0; j < right.length; j++) {
      const i = places.get(keyOf(right, j));
      if (i === undefined) continue;
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
    found.sort((a, b) => b.amount - a.amount);
    rows = found;
    clear();
    const modelsOf = store => store.models.list.filter(Boolean).join(', ') || 'no model';
    status.textContent = sums.both === 0 ? 'They have no image in common.'
      : `${number(sums.differing)} of ${number(sums.both)} images differ. ${modelsOf(left)} → ${modelsOf(right)}`;
    for (const [kind, button] of Object.entries(kinds)) {
      button.setAttribute('aria-pressed', String(state.kind === kind));
      button.replaceChildren(h('b', {}, number(sums[kind])), ` ${kind}`);
    }
    arrange(summary, Object.values(kinds));
    items.style.height = `${rows.length * rowHeight}px`;
    list.scrollTop = 0;
    render();
  }

  function clear() {
    for (const row of drawn.values()) row.drop();
    drawn.clear();
  }

  function draw() {
    const from = Math.max(0, Math.floor(list.scrollTop / rowHeight) - 1);
    const to = Math.min(rows.length, Math.ceil((list.scrollTop + list.clientHeight) / rowHeight) + 1);
    for (const [place, row] of drawn) {
      if (place < from || place >= to) {
        row.drop();
        drawn.delete(place);
      }
    }
    for (let place = from; place < to; place++) {
      if (!drawn.has(place)) drawn.set(place, make(place));
    }
  }

  function make(place) {
    const row = rows[place];
    const [left, right] = loaders.map(loader => loader.store);
    const difference = compare(left.detections(row.i, state.min), right.detections(row.j, state.min));
    const stops = [];
    const sides = [[left, row.i, difference.before, state.before, 'Before'], [right, row.j, difference.after, state.after, 'After']].map(([store, index, boxes, job, side]) => {
      const image = store.image(index);
      const failure = store.error(index);
      const picture = h('img', { alt: '' });
      const canvas = h('canvas', { 'aria-hidden': 'true' });
      const link = h('a', {
        class: 'side-picture', 'aria-label': failure ? `${failure.code}, ${side}` : `${side}: ${boxes.length} objects`,
        href: linkTo('results', { job, min: state.min || '', image: `${image.container ?? ''}/${image.name}` }),
      }, failure ? h('span', { class: 'why' }, failure.code) : [picture, canvas]);
      if (!failure) stops.push(showThumbnail(picture, image));
      return { link, canvas, boxes, image };
    });
    const element = h('li', { class: 'pair', 'aria-setsize': rows.length, 'aria-posinset': place + 1 },
      h('div', { class: 'pair-head' }, nameOf(right.names[row.j]),
        ['gained', 'lost', 'changed'].filter(kind => row[kind]).map(kind => h('span', { class: `mark ${kind}` }, `${row[kind]} ${kind}`))),
      h('div', { class: 'pair-sides' }, sides.map(side => side.link)));
    element.style.transform = `translateY(${place * rowHeight}px)`;
    items.append(element);
    for (const side of sides) if (side.canvas.isConnected) drawBoxes(side.canvas, side.boxes, side.image.width, side.image.height);
    return {
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
        const jobs = config.compared.length ? config.compared : (await get('jobs', { limit: 100 })).jobs.map(job => (
          { job: job.jobId, title: `${job.jobId} · ${number(job.discovered)} images` }));
        for (const [side, box] of [['before', before], ['after', after]]) {
          box.append(...jobs.map(({ job, title }) => h('option', { value: job }, title)));
          if (state[side] && !jobs.some(({ job }) => job === state[side])) box.append(h('option', { value: state[side] }, state[side]));
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

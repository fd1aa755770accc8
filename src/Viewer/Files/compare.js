// Two jobs side by side: what one found and the other did not, the largest difference first.

import { get, showThumbnail } from './api.js';
import { drawBoxes } from './boxes.js';
import { arrange, complain, eachFrame, h, nameList, nameOf, number, pause, plural, say, shown } from './dom.js';
import { compare, endingsOf, NameMatch } from './match.js';
import { Loader, MOST } from './store.js';
import { Track } from './track.js';

const rowHeight = 246;

/** Lets the browser do other things when a part of a long work took its time, and ends a work that nobody waits for. */
class Turns {
  constructor(isWanted) {
    this.isWanted = isWanted;
    this.began = performance.now();
  }

  get isOver() {
    return performance.now() - this.began > 12;
  }

  async next() {
    await pause();
    if (!this.isWanted()) throw new DOMException('Something else is compared by now.', 'AbortError');
    this.began = performance.now();
  }
}

/**
 * Pairs the results of the same image: by container and name. In folders the same image may have another name, since each run over storage
 * puts the images under a prefix of its own. So where that pairs nothing, the container is left out, and where that pairs nothing, folders
 * at the beginning of the name are. Where some names are the same, names say which image it is, and endings that are the same say nothing.
 * @returns of each result on the right its partner on the left, or -1; how many there are (`both`), and with other names (`renamed`); the
 *   names that are on one side only, and those that fit several of the other side
 */
async function pairUp(left, right, areFolders, turns) {
  const partners = new Int32Array(right.length).fill(-1);
  const isTaken = new Uint8Array(left.length);
  let both = 0;
  const put = (i, j) => {
    if (i === undefined || i === null || isTaken[i]) return;
    partners[j] = i;
    isTaken[i] = 1;
    both++;
  };
  const keyOf = (store, i) => `${store.containers.list[store.container.values[i]] ?? ''}/${store.names[i]}`;
  const each = async (store, action) => {
    for (let i = 0; i < store.length; i++) {
      if (turns.isOver) await turns.next();
      action(i);
    }
  };
  const places = new Map();
  await each(left, i => places.set(keyOf(left, i), i));
  await each(right, j => put(places.get(keyOf(right, j)), j));
  places.clear();
  let partsOf = null; // what of a name may be that of another one
  let renamed = 0;
  if (areFolders && both === 0) {
    const match = new NameMatch();
    await each(left, i => match.put(left.names[i], i));
    await each(right, j => match.look(right.names[j]));
    partsOf = name => [name];
    await each(right, j => { if (match.byName.has(right.names[j])) put(match.find(right.names[j]).value, j); });
    if (both === 0) {
      partsOf = endingsOf;
      await each(right, j => put(match.find(right.names[j]).value, j));
      renamed = both;
    }
  }
  const found = { partners, both, renamed, onlyBefore: [], onlyAfter: [], unclearBefore: [], unclearAfter: [] };
  const isPaired = (store, i) => (store === left ? isTaken[i] === 1 : partners[i] >= 0);
  const tell = async (store, other, only, unclear) => {
    const parts = new Set();
    if (partsOf) await each(other, i => { if (!isPaired(other, i)) for (const part of partsOf(other.names[i])) parts.add(part); });
    await each(store, i => {
      if (isPaired(store, i)) return;
      const fits = partsOf !== null && [...partsOf(store.names[i])].some(part => parts.has(part));
      (fits ? unclear : only).push(store.names[i]);
    });
  };
  await tell(left, right, found.onlyBefore, found.unclearBefore);
  await tell(right, left, found.onlyAfter, found.unclearAfter);
  return found;
}

/** What two names have in common at their ends, as whole parts; the whole where they are the same. */
function commonOf(left, right) {
  const endings = new Set(endingsOf(left));
  for (const ending of endingsOf(right)) if (endings.has(ending)) return ending;
  return right;
}

export function compareView({ parameters, config, linkTo, change }) {
  const state = {
    before: parameters.get('before') ?? config.compared[0]?.job ?? '', after: parameters.get('after') ?? config.compared[1]?.job ?? '',
    min: Number(parameters.get('min')) || 0, kind: parameters.get('kind') ?? '', anyway: parameters.has('anyway'),
  };
  // An ETag tells contents apart where both are of one account. Of folders, nobody knows: each upload of a photo gives it another one.
  const areFolders = config.compared.length > 0 && !config.job;
  const select = side => h('select', {
    'aria-label': side, onchange: event => { Object.assign(state, { [side]: event.target.value, anyway: false }); begin(); },
  }, h('option', { value: '' }, 'Choose a job'));
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
  const anyway = h('button', { type: 'button', class: 'secondary', onclick: () => { state.anyway = !state.anyway; again(); } });
  let loaders = [];
  let paired = null; // see pairUp
  let rows = new Uint32Array(0); // results on the right
  let apartLists = null; // of what is apart whatever is chosen, and what was overwritten
  let failedLists = null;
  let run = 0;
  let width = 0;
  let disposed = false;
  const drawn = new Map();
  const render = eachFrame(draw);
  list.addEventListener('scroll', render, { passive: true });
  const observer = new ResizeObserver(() => {
    track.resize(rows.length * rowHeight);
    // What is drawn on a canvas is as wide as the canvas was.
    if (list.clientWidth !== width) for (const row of drawn.values()) row.paint();
    width = list.clientWidth;
    render();
  });
  observer.observe(list);

  function begin() {
    for (const loader of loaders) loader.stop();
    loaders = [];
    paired = null;
    rows = new Uint32Array(0);
    run++;
    clear();
    arrange(summary, []);
    arrange(apart, []);
    apartLists = failedLists = null;
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
    Promise.all(mine.map(loader => loader.run())).then(async () => {
      if (disposed || mine !== loaders) return;
      const failed = mine.find(loader => loader.error);
      if (failed) {
        status.textContent = failed.error.message;
        throw failed.error;
      }
      if (mine.some(loader => loader.full)) say(`Only the first ${number(MOST)} results of each are compared.`);
      status.textContent = 'Comparing';
      const [left, right] = mine.map(loader => loader.store);
      // Once: neither the score nor the kind changes which images are the same.
      paired = await pairUp(left, right, areFolders, new Turns(() => !disposed && mine === loaders));
      again();
    }).catch(complain);
  }

  const remember = () => change({
    before: state.before, after: state.after, min: state.min || '', kind: state.kind, anyway: state.anyway ? 1 : '',
  });
  const again = eachFrame(() => work().catch(complain));

  async function work() {
    if (disposed) return;
    remember();
    if (!paired) return;
    const mine = ++run;
    const turns = new Turns(() => mine === run);
    const [left, right] = loaders.map(loader => loader.store);
    const { partners } = paired;
    const sums = { gained: 0, lost: 0, changed: 0, both: 0, differing: 0, failed: 0 };
    // Images of which nothing can be said: what was overwritten between both, and what failed in one of them.
    const apartNow = { overwritten: [], failedBefore: [], failedAfter: [] };
    // What is sorted by a function takes so long that the page stops: numbers, of the amount first and then of the place, do not.
    const keys = new Float64Array(paired.both);
    let count = 0;
    for (let j = 0; j < right.length; j++) {
      if (turns.isOver) await turns.next();
      const i = partners[j];
      if (i < 0) continue;
      if (left.etags[i] && right.etags[j] && left.etags[i] !== right.etags[j]) {
        apartNow.overwritten.push(right.names[j]);
        if (!areFolders && !state.anyway) continue;
      }
      if (left.isFailed(i) || right.isFailed(j)) {
        sums.failed++;
        if (!right.isFailed(j)) apartNow.failedBefore.push(right.names[j]);
        else if (!left.isFailed(i)) apartNow.failedAfter.push(right.names[j]);
        continue;
      }
      sums.both++;
      const difference = compare(left.detections(i, state.min), right.detections(j, state.min));
      for (const kind of ['gained', 'lost', 'changed']) sums[kind] += difference[kind];
      if (difference.amount > 0) sums.differing++;
      if (state.kind ? difference[state.kind] > 0 : difference.amount > 0) {
        // The largest first; of two that differ as much, the one that comes first.
        keys[count++] = Math.round(-difference.amount * 2 ** 20) * right.length + j;
      }
    }
    const sorted = keys.subarray(0, count).sort();
    rows = Uint32Array.from(sorted, key => key - Math.floor(key / right.length) * right.length);
    clear();
    describe(sums, left, right);
    for (const [kind, button] of Object.entries(kinds)) {
      button.setAttribute('aria-pressed', String(state.kind === kind));
      button.replaceChildren(h('b', {}, number(sums[kind])), ` ${kind}`);
    }
    arrange(summary, Object.values(kinds));
    describeApart(apartNow);
    track.resize(rows.length * rowHeight);
    list.scrollTop = 0;
    render();
  }

  function describe(sums, left, right) {
    const modelsOf = store => store.models.list.filter(Boolean).join(', ') || 'no model';
    const { both, renamed, unclearBefore } = paired;
    const apartNow = [[both - sums.both - sums.failed, 'overwritten in between'], [sums.failed, 'failed']].filter(([count]) => count > 0);
    const whys = apartNow.map(([count, why]) => `${number(count)} ${why}`).join(', ');
    const none = unclearBefore.length ? 'No name fits one of the other side only, so nothing is compared.' : 'They have no image in common.';
    const parts = [both === 0 ? none
      : sums.both === 0 ? `Both have ${plural(both, 'image')}, and none is compared: ${whys}.`
        : `${number(sums.differing)} of ${number(sums.both)} images differ. ${modelsOf(left)} → ${modelsOf(right)}`];
    if (renamed) parts.push(`${plural(renamed, 'image')} matched by the end of the name`);
    status.textContent = parts.join(' · ');
  }

  function describeApart({ overwritten, failedBefore, failedAfter }) {
    // They do not depend on the score: one that was opened stays open.
    apartLists ??= {
      before: nameList(paired.onlyBefore, 'only before'), after: nameList(paired.onlyAfter, 'only after'),
      unclearBefore: nameList(paired.unclearBefore, 'before with a name that fits several: not compared'),
      unclearAfter: nameList(paired.unclearAfter, 'after with a name that fits several: not compared'),
      overwritten: areFolders ? nameList(overwritten, 'with another ETag: compared all the same')
        : overwritten.length ? h('div', { class: 'row' }, nameList(overwritten, 'overwritten in between'), anyway) : null,
    };
    // What was overwritten may have failed as well.
    if (failedLists?.anyway !== state.anyway) {
      failedLists = {
        anyway: state.anyway,
        before: nameList(failedBefore, 'failed before only: not compared'), after: nameList(failedAfter, 'failed after only: not compared'),
      };
    }
    if (apartLists.overwritten?.contains(anyway)) {
      anyway.textContent = state.anyway ? 'Leave them out' : 'Compare them anyway';
      const [summary, names] = apartLists.overwritten.querySelectorAll('summary, ul');
      const what = state.anyway ? 'compared all the same' : 'not compared';
      summary.textContent = `${plural(overwritten.length, 'image')} overwritten in between: ${what}`;
      names.setAttribute('aria-label', summary.textContent);
    }
    arrange(apart, [
      apartLists.before, apartLists.after, apartLists.unclearBefore, apartLists.unclearAfter, apartLists.overwritten,
      failedLists.before, failedLists.after,
    ].filter(Boolean));
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
    const j = rows[place];
    const i = paired.partners[j];
    const [left, right] = loaders.map(loader => loader.store);
    const difference = compare(left.detections(i, state.min), right.detections(j, state.min));
    const stops = [];
    const sides = [
      [left, i, difference.before, state.before, 'Before'], [right, j, difference.after, state.after, 'After'],
    ].map(([store, index, boxes, job, side]) => {
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
    const name = nameOf(commonOf(left.names[i], right.names[j]));
    if (left.names[i] !== right.names[j]) name.title = `${shown(left.names[i])} → ${shown(right.names[j])}`;
    const element = h('li', { class: 'pair', 'aria-setsize': rows.length, 'aria-posinset': place + 1 },
      h('div', { class: 'pair-head' }, name,
        ['gained', 'lost', 'changed'].filter(kind => difference[kind])
          .map(kind => h('span', { class: `mark ${kind}` }, `${difference[kind]} ${kind}`))),
      h('div', { class: 'pair-sides' }, sides.map(side => side.link)));
    items.append(element);
    const paint = () => { for (const side of sides) drawBoxes(side.canvas, side.boxes, side.image.width, side.image.height); };
    paint();
    return {
      element, paint,
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

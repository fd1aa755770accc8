// What was found: a grid of images, filters, and one image large.

import { download, get, settings } from './api.js';
import { histogram } from './boxes.js';
import { arrange, complain, eachFrame, h, nameList, number, pause, plural, say, shown } from './dom.js';
import { Grid } from './grid.js';
import { imageDialog } from './image.js';
import { Truth } from './match.js';
import { factsOf } from './picture.js';
import { isPlain, isStep, takeStepBack, whenBack } from './steps.js';
import { EVERY, Loader, MOST } from './store.js';

let kept = null; // the results of the last query, so that going back is at once

/** Results that are kept are read again: a job began, or came further. */
export function forgetResults() {
  kept = null;
}

// An empty list is none to go back to, nor is that of a job that runs: more results are on their way.
const isKept = (same, now) => kept?.same === same && kept.loader.done && !kept.loader.error && kept.loader.store.length > 0
  && (!kept.loader.query.job || kept.loader.total !== null) && now - kept.at < 60_000;
let truth = null;

const queryOf = parameters => ({
  job: parameters.get('job') ?? '', prefix: parameters.get('prefix') ?? '', container: parameters.get('container') ?? '',
});

export function resultsView({ parameters, config, linkTo, change, enter }) {
  const state = {
    ...queryOf(parameters),
    min: Number(parameters.get('min')) || 0,
    cls: parameters.get('class') ?? '',
    status: parameters.get('status') ?? '',
    code: parameters.get('code') ?? '',
    text: parameters.get('q') ?? '',
    sort: parameters.get('sort') ?? '',
    judged: parameters.get('judged') ?? '',
    image: parameters.get('image') ?? '',
  };
  if (config.readOnly && config.job && !state.job) state.job = config.job;
  if (config.compared.length && !state.job) state.job = config.compared.at(-1).job;
  let loader = null;
  let disposed = false;
  let selected = new Uint32Array(0);

  const parametersOf = (changes = {}) => {
    const s = { ...state, ...changes };
    return {
      job: config.readOnly && !config.compared.length ? '' : s.job, prefix: s.prefix, container: s.container,
      min: s.min || '', class: s.cls, status: s.status, code: s.code, q: s.text, sort: s.sort, judged: s.judged, image: s.image,
    };
  };
  const store = () => loader.store;
  const clsIndex = () => (state.cls ? store().classes.index.get(state.cls) ?? EVERY - 1 : EVERY);
  const boxesOf = index => {
    const found = store().detections(index, state.min, clsIndex());
    return truth ? truth.judge(store().names[index], found, state.cls)?.boxes ?? found : found;
  };
  const judge = index => truth?.judge(store().names[index], store().detections(index, state.min, clsIndex()), state.cls);

  const grid = new Grid({
    label: 'Images',
    open: index => linkTo('results', parametersOf({ image: keyOf(index) })),
    opened: (index, event) => {
      if (!isPlain(event)) return;
      event.preventDefault();
      const key = keyOf(index); // the tile may show another image by then
      whenBack(() => enterImage(key));
    },
    boxes: boxesOf,
    note: index => {
      const verdict = judge(index);
      return verdict ? h('span', { class: 'verdict' },
        h('b', { class: 'true' }, verdict.right), h('b', { class: 'false' }, verdict.wrong), h('b', { class: 'missed' }, verdict.missed)) : null;
    },
  });
  const keyOf = index => `${store().image(index).container ?? ''}/${store().names[index]}`;

  // The bar over the grid.
  const count = h('p', { class: 'count-line', role: 'status' });
  const progress = h('progress', { 'aria-label': 'Loading' });
  const search = h('input', {
    type: 'search', placeholder: 'Find by name', 'aria-label': 'Find by name', value: state.text,
    oninput: () => { state.text = search.value; refresh(); },
  });
  const sort = h('select', { 'aria-label': 'Order', onchange: () => { state.sort = sort.value; refresh(); } },
    h('option', { value: '' }, 'In order'), h('option', { value: 'name' }, 'By name'),
    h('option', { value: 'score' }, 'Best score first'), h('option', { value: 'objects' }, 'Most objects first'));
  sort.value = state.sort;
  const size = h('input', {
    type: 'range', min: '110', max: '420', step: '10', value: '190', 'aria-label': 'Size of the pictures', class: 'size',
    oninput: () => grid.zoom(Number(size.value)),
  });
  const formats = h('select', {
    'aria-label': 'Export', 'aria-describedby': 'export-reason', class: 'export', onchange: () => exportAs(formats.value) },
    h('option', { value: '' }, 'Export…'));

  const why = h('p', { id: 'export-reason', class: 'hint', role: 'status', hidden: true });

  // The filters.
  const slider = h('input', {
    type: 'range', min: '0', max: '1', step: '0.01', id: 'score', 'aria-describedby': 'score-hint', value: String(state.min),
    oninput: () => {
      state.min = Number(slider.value);
      refresh(true);
    },
  });
  state.min = Number(slider.value); // in hundredths
  const value = h('output', { for: 'score' });
  const classes = h('ul', { class: 'classes' });
  const codes = h('ul', { class: 'codes' });
  const source = h('div', { class: 'source' });
  const judged = h('div', { class: 'judged' });
  const quick = h('div', { class: 'chips', role: 'group', 'aria-label': 'Which images' },
    [['', 'All'], ['found', 'With objects'], ['none', 'Without'], ['failed', 'Failed']].map(([name, text]) => h('button', {
      type: 'button', dataset: { status: name },
      onclick: () => {
        Object.assign(state, { status: name, code: '' });
        if (name !== 'found' && name !== '') state.cls = '';
        refresh();
      },
    }, text)));
  const filters = h('details', { class: 'filters', open: matchMedia('(min-width: 900px)').matches },
    h('summary', {}, 'Filters'),
    source, quick,
    h('section', {},
      h('div', { class: 'label-row' }, h('label', { for: 'score' }, 'Lowest score'), value), slider,
      h('p', { id: 'score-hint', class: 'hint' }, 'Boxes, counts and images follow at once.')),
    h('section', {}, h('h2', {}, 'Classes'), classes),
    h('section', { class: 'failed-codes' }, h('h2', {}, 'Failures'), codes),
    h('section', {}, h('h2', {}, 'Ground truth'), judged));
  const empty = h('p', { class: 'empty', hidden: true });
  const noResults = config.readOnly ? 'There are no results here.'
    : `There are no results yet. Put images into the container “images”, or start a job.${config.canDetect ? ' Or drop a photo under Try.' : ''}`;
  const again = h('button', {
    type: 'button', class: 'secondary', hidden: config.readOnly && !config.job, title: 'Read again', 'aria-label': 'Read again',
    onclick: () => {
      kept = null;
      read();
    },
  }, '↻');
  const element = h('div', { class: 'results-view' }, filters,
    h('div', { class: 'content' },
      h('div', { class: 'toolbar' }, count, search, sort, size, formats, again, why), progress, empty, grid.element));

  // The lines of a job are counted when it has ended.
  const isOfRunningJob = () => state.job !== '' && loader.total === null && !loader.error && !(config.readOnly && !config.job);

  const onlyOf = () => {
    const parts = [];
    if (state.status === 'found') parts.push(index => store().detections(index, state.min).length > 0);
    if (truth && state.judged === 'wrong') parts.push(index => (judge(index)?.wrong ?? 0) > 0);
    if (truth && state.judged === 'missed') parts.push(index => (judge(index)?.missed ?? 0) > 0);
    return parts.length ? index => parts.every(part => part(index)) : null;
  };

  function refresh(isSlider = false, isLoading = false) {
    value.textContent = state.min.toFixed(2);
    later(isLoading);
    if (isSlider) grid.redraw();
  }

  let keeps = false;
  const apply = eachFrame(() => {
    if (!loader || disposed) return;
    const status = state.status === 'failed' ? 'failed' : state.status ? 'detected' : '';
    truth?.look(store());
    selected = store().select({
      min: state.min, cls: clsIndex(), status, code: state.code, text: state.text, sort: state.sort, only: onlyOf(),
      empty: state.status === 'none',
      // What is missed may be all that an image has of a class.
      lacking: Boolean(truth) && state.judged === 'missed',
    });
    grid.show(store(), selected, keeps);
    keeps = false;
    describe();
    change(parametersOf());
  });
  const later = isLoading => {
    keeps = isLoading;
    apply();
  };

  function describe() {
    const { total, done, error, full } = loader;
    const length = store().length;
    progress.hidden = done;
    if (total) {
      progress.max = total;
      progress.value = length;
    }
    const counts = store().counts(state.min);
    count.replaceChildren(h('strong', {}, number(selected.length)),
      selected.length === length ? ` ${length === 1 ? 'image' : 'images'}` : ` of ${plural(length, 'image')}`,
      h('span', { class: 'muted' }, ` · ${plural(store().objects, 'object')}`,
        done ? (isOfRunningJob() ? ' · read while the job ran' : '') : total ? ` · loading ${Math.floor((100 * length) / total)} % of ${number(total)}` : ' · loading'));
    for (const button of quick.children) button.setAttribute('aria-pressed', String(button.dataset.status === state.status));
    empty.hidden = selected.length > 0 || !done;
    empty.textContent = error ? error.message
      : length === 0 ? noResults
        : 'No image meets these filters.';
    if (full) say(`Only the first ${number(MOST)} results are shown; narrow them with a prefix.`);
    loader.full = false;
    describeClasses(counts);
    describeCodes();
    describeTruth();
    describeExport();
  }

  /** An export has what is shown. What it cannot have, it is not offered for, and says why. */
  function describeExport() {
    const reason = truth && state.judged
      ? ['Not of this filter', 'The app has no ground truth, so it cannot export by it. Choose All under Ground truth to export.']
      : loader.done && selected.length === 0 ? ['Nothing to export', 'No image meets these filters.'] : null;
    formats.disabled = reason !== null;
    formats.firstChild.textContent = reason?.[0] ?? 'Export…';
    formats.title = reason?.[1] ?? 'What is shown, as a file';
    why.textContent = reason?.[1] ?? '';
    why.hidden = reason === null || selected.length === 0;
  }

  function describeClasses(counts) {
    const order = counts.map((_, i) => i).sort((a, b) => counts[b] - counts[a] || a - b);
    arrange(classes, order.length ? order.map(i => classRow(i, counts[i])) : [noClass]);
  }

  const noClass = h('li', { class: 'hint' }, 'None yet.');
  const classRows = [];

  function classRow(i, found) {
    const name = store().classes.list[i];
    const chart = histogram(store().histograms[i], state.min, store().classIds[i]);
    const row = classRows[i] ??= filterRow(() => {
      state.cls = state.cls === name ? '' : name;
      if (state.status !== 'found') state.status = '';
      refresh();
    }, h('bdi', { class: 'class-name' }, shown(name)), chart);
    row.button.title = shown(name);
    row.button.children[1].replaceWith(chart);
    return row.update(state.cls === name, found);
  }

  /** A filter of a list: a button that stays what it is, with a number at its end. */
  function filterRow(onclick, ...content) {
    const count = h('span', { class: 'num' });
    const button = h('button', { type: 'button', onclick }, ...content, count);
    const element = h('li', {}, button);
    return {
      button,
      update(isPressed, found) {
        button.setAttribute('aria-pressed', String(isPressed));
        count.textContent = number(found);
        return element;
      },
    };
  }

  function describeCodes() {
    const list = store().codes.list;
    codes.parentElement.hidden = list.length === 0;
    arrange(codes, [
      ...list.map((code, i) => (codeRows[i] ??= filterRow(() => {
        Object.assign(state, state.code === code ? { code: '', status: '' } : { code, status: 'failed', cls: '' });
        refresh();
      }, h('code', {}, code))).update(state.code === code, store().failures[i])),
      toFailures,
    ]);
  }

  const codeRows = [];
  const toFailures = h('li', {}, h('a', { href: linkTo('failures', { job: state.job, prefix: state.prefix }) }, 'Look at them'));

  /** The conditions of the API that are met by what is shown. */
  const conditions = () => ({
    job: state.job, prefix: state.prefix, container: state.container, search: state.text, class: state.cls, minScore: state.min || '',
    objects: state.cls || state.status === 'found' ? 'some' : state.status === 'none' ? 'none' : 'any',
    status: state.status === 'failed' ? 'failed' : state.status ? 'detected' : '', code: state.code,
  });

  let summing = 0;

  /** Judges every result, and lets the page go on between two parts of it. */
  async function sumTruth() {
    const [mine, of, length, cls, className] = [++summing, store(), store().length, clsIndex(), state.cls];
    const sum = { length, right: 0, wrong: 0, missed: 0, images: 0, ambiguous: [], unknown: [] };
    let mark = performance.now();
    for (let i = 0; i < length; i++) {
      const name = of.names[i];
      const { image, isAmbiguous } = truth.find(name);
      if (image) {
        const verdict = truth.judge(name, of.detections(i, state.min, cls), className);
        sum.right += verdict.right;
        sum.wrong += verdict.wrong;
        sum.missed += verdict.missed;
        sum.images++;
      } else {
        (isAmbiguous ? sum.ambiguous : sum.unknown).push(i);
      }
      if (performance.now() - mark > 12) {
        await pause();
        if (mine !== summing || !truth) return;
        mark = performance.now();
      }
    }
    showSums(sum, of);
  }

  function describeTruth() {
    const input = h('input', {
      type: 'file', accept: '.json,application/json', 'aria-label': 'COCO annotations',
      onchange: async () => {
        try {
          const read = new Truth(JSON.parse(await input.files[0].text()));
          read.look(store());
          truth = read; // a picture may be drawn before the next refresh
          refresh();
        } catch (error) {
          complain(error instanceof SyntaxError ? new Error('Expected a COCO file, found a file that is no JSON.') : error);
        }
      },
    });
    if (!truth) {
      if (!judged.querySelector('input')) {
        judged.replaceChildren(h('p', { class: 'hint' }, 'A COCO instances file marks what is true, false and missed. It stays in this browser.'), input);
      }
      return;
    }
    if (loader.done) sumTruth().catch(complain);
    else judged.replaceChildren(h('p', { class: 'hint' }, 'What is true, false and missed is summed when every result is loaded.'));
  }

  function showSums(sum, of) {
    const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : '–');
    for (const [name, chip] of Object.entries(chips)) chip.setAttribute('aria-pressed', String(state.judged === name));
    arrange(judged, [
      h('p', { class: 'verdict' }, h('b', { class: 'true' }, `${number(sum.right)} true`), h('b', { class: 'false' }, `${number(sum.wrong)} false`),
        h('b', { class: 'missed' }, `${number(sum.missed)} missed`)),
      h('dl', { class: 'facts' }, h('dt', {}, 'Precision'), h('dd', {}, share(sum.right, sum.right + sum.wrong)),
        h('dt', {}, 'Recall'), h('dd', {}, share(sum.right, sum.right + sum.missed)),
        h('dt', {}, 'Images'), h('dd', {}, `${number(sum.images)} of ${number(sum.length)}`)),
      nameList(sum.unknown.map(index => of.names[index]), 'not in the file'),
      nameList(sum.ambiguous.map(index => of.names[index]), 'with a name that fits several'),
      truth.size > sum.images
        ? h('p', { class: 'hint' }, `${plural(truth.size - sum.images, 'image')} of the file without a result; the sums leave them out.`) : null,
      chipRow, putAway,
    ].filter(Boolean));
  }

  const chips = Object.fromEntries([['', 'All'], ['wrong', 'With false'], ['missed', 'With missed']].map(([name, text]) => [
    name, h('button', { type: 'button', onclick: () => { state.judged = name; refresh(); } }, text)]));
  const chipRow = h('div', { class: 'chips' }, Object.values(chips));
  const putAway = h('button', { type: 'button', class: 'secondary', onclick: () => { truth = null; state.judged = ''; refresh(); } }, 'Put it away');

  async function describeSource() {
    if (config.compared.length) {
      const sets = h('select', {
        'aria-label': 'Results',
        onchange: () => { location.hash = linkTo('results', { ...parametersOf({ image: '' }), job: sets.value }); },
      }, config.compared.map(({ job, title }) => h('option', { value: job }, title)));
      sets.value = state.job;
      source.replaceChildren(h('label', {}, h('span', {}, 'Results of'), sets));
    }
    if (config.readOnly) return;
    const every = h('option', { value: '' }, 'Every image’s latest result');
    const mine = state.job ? [h('option', { value: state.job, selected: true }, state.job)] : [];
    const select = h('select', {
      'aria-label': 'Job', onchange: () => { location.hash = linkTo('results', { ...parametersOf({ image: '' }), job: select.value }); },
    }, every, mine);
    const prefix = h('input', { type: 'text', value: state.prefix, placeholder: 'such as cam1/', 'aria-label': 'Prefix of the names' });
    source.replaceChildren(
      h('label', {}, h('span', {}, 'Results of'), select),
      h('form', {
        class: 'row', onsubmit: event => {
          event.preventDefault();
          location.hash = linkTo('results', { ...parametersOf({ image: '' }), prefix: prefix.value });
        },
      }, h('label', { class: 'grow' }, h('span', {}, 'Prefix'), prefix), h('button', { class: 'secondary' }, 'Load')));

    // What stands below is not moved by an answer that comes late.
    const { jobs, continuation } = await get('jobs', { limit: 50 });
    select.replaceChildren(every, ...jobs.map(job => h('option', { value: job.jobId }, `${job.jobId} · ${number(job.discovered)}`)));
    if (!jobs.some(job => job.jobId === state.job)) select.append(...mine);
    if (continuation) select.append(h('option', { disabled: true }, 'Older ones: under Jobs'));
    select.value = state.job;
  }

  async function describeFormats() {
    const known = await exportFormats();
    formats.append(...known.map(name => h('option', { value: name }, formatTitles[name] ?? name)));
    formats.hidden = known.length === 0;
  }

  async function exportAs(format) {
    formats.value = '';
    if (!format) return;
    try {
      say('The export is being made.');
      await download('results/export', { ...conditions(), format }, `results-${format}`);
    } catch (error) {
      complain(error);
    }
  }

  // One image, large. A click on a tile is a step of the browser's history, and closing the image takes that step back: so Back leads to
  // what was there before, however many images were looked at. A link to an image is no such step.
  function enterImage(key) {
    if (disposed) return;
    const isStepTaken = !state.image;
    // What is come back to is what is shown now, also where the frame that puts it into the address is still to come.
    if (isStepTaken) change(parametersOf());
    state.image = key;
    (isStepTaken ? enter : change)(parametersOf());
    isAwaited = false;
    open();
  }

  const detail = imageDialog({
    closed: () => {
      const wasStep = isStep();
      leaveImage();
      grid.focus(grid.focused);
      if (wasStep) takeStepBack();
    },
    step: by => {
      const next = detail.place + by;
      if (next >= 0 && next < selected.length) {
        state.image = keyOf(selected[next]);
        grid.focused = next;
        change(parametersOf());
        open();
      }
    },
  });

  function leaveImage() {
    state.image = '';
    isAwaited = false;
    change(parametersOf(), true);
  }

  function open() {
    if (!state.image) {
      detail.close();
      return true;
    }
    let place = grid.focused;
    if (selected[place] === undefined || keyOf(selected[place]) !== state.image) {
      place = selected.findIndex(index => keyOf(index) === state.image);
    }
    if (place < 0) return false;
    grid.focused = place;
    const index = selected[place];
    detail.open(place, selected.length, store().image(index), boxesOf(index), factsOf(store().image(index), store(), index), store().error(index));
    return true;
  }

  /** Opens the image that the address names as soon as it is there. */
  let isAwaited = state.image !== '';
  function openAwaited() {
    if (!isAwaited || disposed) return;
    if (open()) {
      isAwaited = false;
    } else if (loader.done && !loader.error) {
      say('The image of this address is not among those that are shown.');
      leaveImage();
      detail.close();
    }
  }

  /** Shows what was read not long ago, or reads. */
  function read() {
    const query = queryOf(new URLSearchParams(parametersOf()));
    query.job = state.job;
    const same = JSON.stringify(query);
    let [lastShown, rest] = [-Infinity, null];
    const changed = () => {
      clearTimeout(rest);
      if (disposed || loader !== mine) return;
      // Each look at everything takes the longer the more there is: while more comes, a few in a second are enough.
      const wait = lastShown + 300 - performance.now();
      if (!loader.done && wait > 0) {
        rest = setTimeout(changed, wait);
        return;
      }
      lastShown = performance.now();
      refresh(false, true);
      if (isAwaited) requestAnimationFrame(openAwaited); // after what is selected is known
    };
    loader?.stop();
    const isThere = isKept(same, performance.now());
    if (!isThere) {
      kept?.loader.stop();
      kept = { same, loader: new Loader(query, changed), at: performance.now() };
    }
    const mine = loader = kept.loader;
    if (isThere) changed();
    else mine.run().then(() => { if (mine.error) complain(mine.error); });
    refresh();
  }

  return {
    element,
    start() {
      describeSource().catch(complain);
      describeFormats().catch(complain);
      read();
    },
    accept(wanted) {
      const query = queryOf(wanted);
      if (config.readOnly && !(config.compared.length && query.job)) query.job = state.job;
      if (JSON.stringify(query) !== JSON.stringify({ job: state.job, prefix: state.prefix, container: state.container })) return false;
      const image = wanted.get('image') ?? '';
      const others = new URLSearchParams(wanted);
      others.delete('image');
      const mine = new URLSearchParams(linkTo('results', parametersOf({ image: '' })).split('?')[1] ?? '');
      if (others.toString() !== mine.toString()) return false;
      state.image = image;
      isAwaited = image !== '';
      if (isAwaited) requestAnimationFrame(openAwaited); // as above
      else open();
      return true;
    },
    dispose() {
      disposed = true;
      summing++;
      detail.dispose();
      grid.dispose();
      if (!loader?.done) {
        loader?.stop();
        kept = null;
      }
    },
  };
}

const formatTitles = {
  csv: 'CSV table', ndjson: 'NDJSON documents', parquet: 'Parquet table', coco: 'COCO results', 'coco-dataset': 'COCO data set', yolo: 'YOLO labels',
  voc: 'Pascal VOC', labelstudio: 'Label Studio tasks', azureml: 'Azure ML lines',
};
let formatsKnown = null;

/** The formats of exports that whoever serves this page has. */
async function exportFormats() {
  formatsKnown ??= (await settings()).formats ?? [];
  return formatsKnown;
}

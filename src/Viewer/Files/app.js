// The shell: which view the address names, the theme, the key, and how the app is.

import { askForKey, get, key, settings } from './api.js';
import { complain, h } from './dom.js';
import { compareView } from './compare.js';
import { failuresView } from './failures.js';
import { jobsView } from './jobs.js';
import { modelsView } from './models.js';
import { resultsView } from './results.js';
import { replaceLink, takeStep } from './steps.js';
import { tryView } from './try.js';

const views = {
  results: { title: 'Results', make: resultsView },
  failures: { title: 'Failures', make: failuresView },
  jobs: { title: 'Jobs', make: jobsView },
  compare: { title: 'Compare', make: compareView },
  models: { title: 'Models', make: modelsView, app: true },
  try: { title: 'Try', make: tryView, app: true },
};

const main = document.getElementById('main');
let current = null;
let address = ''; // the last one that a view was made for, or wrote

/** The view that an address names, and its parameters. */
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  return { name: views[path] ? path : 'results', parameters: new URLSearchParams(query) };
}

/** The address of a view. Parameters that are empty are left out. */
export function linkTo(name, parameters = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') query.set(key, value);
  }
  const text = query.toString();
  return `#/${name}${text ? `?${text}` : ''}`;
}

async function route() {
  address = location.hash;
  const { name, parameters } = parse(address);
  if (current?.name === name && current.view?.accept?.(parameters)) return;
  current?.view?.dispose?.();
  document.title = `${views[name].title} · Nanodet viewer`;
  for (const link of document.querySelectorAll('#nav a')) {
    if (link.dataset.view === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const moved = current !== null;
  const config = await settings();
  const mine = current = { name, view: null };
  // What a view that was left still finishes is no business of the address, nor what one finishes that is about to be left: browsers say
  // that there is another address some time after it is there.
  const ifShown = write => (state, ...how) => {
    if (current !== mine || location.hash !== address) return;
    write(linkTo(name, state), ...how);
    address = location.hash;
  };
  mine.view = views[name].make({ parameters, config, linkTo, change: ifShown(replaceLink), enter: ifShown(takeStep) });
  main.className = `view-${name}`;
  main.replaceChildren(current.view.element);
  current.view.start?.();
  if (moved) main.focus({ preventScroll: true });
}

function theme() {
  const button = document.getElementById('theme');
  const modes = { '': 'System colours', light: 'Light colours', dark: 'Dark colours' };
  const glyphs = { '': '◐', light: '☀', dark: '☾' };
  const show = mode => {
    if (mode) document.documentElement.dataset.theme = mode;
    else delete document.documentElement.dataset.theme;
    button.textContent = glyphs[mode];
    button.setAttribute('aria-label', modes[mode]);
    button.title = modes[mode];
  };
  const kept = () => localStorage.getItem('nanodet.theme') ?? '';
  show(modes[kept()] ? kept() : '');
  button.addEventListener('click', () => {
    const names = Object.keys(modes);
    const next = names[(names.indexOf(kept()) + 1) % names.length];
    localStorage.setItem('nanodet.theme', next);
    show(next);
  });
}

let asking = null;

function ask() {
  asking ??= new Promise(resolve => {
    const input = h('input', { type: 'password', autocomplete: 'off', required: true, 'aria-label': 'Function key' });
    const dialog = h('dialog', { class: 'ask', 'aria-label': 'Sign in' },
      h('h2', {}, 'This app wants a key'),
      h('p', {}, 'Type a function key of the app. It is kept for this tab only and sent to this app only.'),
      h('form', { method: 'dialog', class: 'row' }, input,
        h('button', { value: 'yes', class: 'primary' }, 'Use it'),
        h('button', { value: 'no', class: 'secondary', type: 'button', onclick: () => dialog.close('no') }, 'Cancel')));
    dialog.addEventListener('close', () => {
      dialog.remove();
      asking = null;
      const given = dialog.returnValue === 'yes' ? input.value.trim() : '';
      if (given) key.set(given);
      showKey();
      resolve(given !== '');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

function showKey() {
  const button = document.getElementById('key');
  button.hidden = !key.get();
  button.textContent = 'Forget the key';
}

async function health() {
  const place = document.getElementById('health');
  // A screen reader says what is put there, so it is put there when it is another one.
  const show = (kind, text, title) => {
    if (place.textContent !== text) place.replaceChildren(h('span', { class: `dot ${kind}` }), text);
    place.title = title;
  };
  try {
    const answer = await get('health');
    show('good', 'Ready', answer.code ?? '');
  } catch (error) {
    show('bad', error.status === 503 ? 'Not ready' : 'No answer', error.message);
  }
}

/** Whoever only shows results has no view that changes something, nor one without content; an app without a model can try no photo. */
const isOffered = (name, view, config) => (config.readOnly
  ? !view.app && (name !== 'jobs' || config.job) && (name !== 'compare' || config.compared.length > 0)
  : name !== 'try' || config.canDetect);

async function start() {
  theme();
  askForKey(ask);
  showKey();
  document.getElementById('key').addEventListener('click', () => {
    key.set('');
    location.reload();
  });
  const config = await settings();
  document.getElementById('nav').append(h('ul', {}, Object.entries(views)
    .filter(([name, view]) => isOffered(name, view, config))
    .map(([name, view]) => h('li', {}, h('a', { href: linkTo(name), dataset: { view: name } }, view.title)))));
  if (config.title) document.getElementById('nav').after(h('bdi', { class: 'title', title: config.title }, config.title));
  if (!config.readOnly) {
    await health();
    setInterval(() => document.visibilityState === 'visible' && health(), 15_000);
  }
  addEventListener('hashchange', () => route().catch(complain));
  await route();
}

start().catch(complain);

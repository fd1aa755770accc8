// Jobs: how far they are, how fast, how long they still take.

import { get, post, send } from './api.js';
import { arrange, complain, confirm, h, number, plural, say, shown } from './dom.js';
import { forgetResults } from './results.js';

const states = { running: 'Running', completed: 'Completed', failed: 'Failed', cancelled: 'Cancelled', inconsistent: 'Inconsistent' };

export const duration = seconds => {
  if (seconds === null || seconds === undefined) return '–';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
};

// How far each job was when it was last looked at, over all visits: who saw results before that reads them again.
const seen = new Map();

const doneOf = job => job.detected + job.failed + job.skipped;

// Ids are in the order of ASCII, so the greatest one is the latest job's.
const placeOf = job => `${job.jobId}/`; // storage orders the jobs' folders
const byId = (a, b) => (placeOf(a) < placeOf(b) ? 1 : placeOf(a) > placeOf(b) ? -1 : 0);

export function jobsView({ parameters, config, linkTo }) {
  const marked = parameters.get('job') ?? '';
  const list = h('ul', { class: 'job-list' });
  const empty = h('p', { class: 'empty', hidden: true },
    config.readOnly ? 'The job still runs. Its progress is shown by the app.' : 'No job was started yet.');
  const news = h('p', { class: 'unseen', role: 'status' }); // for a screen reader, what the cards show
  const prefix = h('input', { type: 'text', name: 'prefix', placeholder: 'every image' });
  const model = h('select', { name: 'model' }, h('option', { value: '' }, 'the current model'));
  const onlyFailed = h('input', { type: 'checkbox', name: 'onlyFailed' });
  const force = h('input', { type: 'checkbox', name: 'force' });

  // What failed is detected again in any case, so the app refuses both at once.
  const choose = (one, other) => one.addEventListener('change', () => { if (one.checked) other.checked = false; });
  choose(onlyFailed, force);
  choose(force, onlyFailed);
  const form = h('form', {
    class: 'new-job row', hidden: config.readOnly,
    onsubmit: event => {
      event.preventDefault();
      begin().catch(complain);
    },
  }, h('label', { class: 'grow' }, h('span', {}, 'Names that begin with'), prefix),
  h('label', {}, h('span', {}, 'Model'), model),
  h('label', { class: 'check' }, onlyFailed, 'only what failed'),
  h('label', { class: 'check' }, force, 'again, even if there is a result'),
  h('button', { class: 'primary' }, 'Start a job'));
  const more = h('button', { type: 'button', class: 'secondary', hidden: true, onclick: () => older().catch(complain) }, 'Older jobs');
  const element = h('div', { class: 'page' }, h('h1', {}, 'Jobs'), form, news, empty, list, more);
  const cards = new Map();
  const known = new Map(); // the status of each job that is shown
  let continuation; // of the last page that was asked for; null at the end of the list
  let timer = null;
  let ended = false;
  let isAnswered = true;
  let isMissed = false;
  let isScrolled = false;

  async function begin() {
    const request = { onlyFailed: onlyFailed.checked, force: force.checked };
    if (prefix.value) request.prefix = prefix.value;
    else if (!onlyFailed.checked) request.all = true;
    if (model.value) request.options = { model: model.value };
    const job = await post('jobs', request);
    forgetResults();
    say(`Job ${job.jobId} is started.`);
    show([job]); // wherever it stands among the others
    await poll();
  }

  async function cancel(job) {
    if (await confirm('End this job?', `Job ${job.jobId} lists and detects no more. What is done stays.`, 'End it')) {
      await send(`jobs/${encodeURIComponent(job.jobId)}`, { method: 'DELETE' });
      await poll();
    }
  }

  async function retry(job) {
    const started = await post(`jobs/${encodeURIComponent(job.jobId)}/retry`);
    forgetResults();
    say(`Job ${started.jobId} tries those of ${plural(job.failed, 'failure')} again that may get better.`);
    show([started]);
    await poll();
  }

  function card(job) {
    let one = cards.get(job.jobId);
    if (!one) {
      const bar = h('progress', { 'aria-label': `Job ${job.jobId}` });
      one = {
        bar,
        state: h('span', { class: 'badge state' }),
        numbers: h('p', { class: 'numbers' }),
        pace: h('p', { class: 'muted' }),
        error: h('p', { class: 'problem', hidden: true }),
        actions: h('div', { class: 'row' }),
      };
      one.element = h('li', { class: 'job', id: `job-${job.jobId}` },
        h('div', { class: 'row spread' }, h('h2', {}, h('a', { href: linkTo('results', { job: job.jobId }) }, job.jobId)), one.state),
        bar, one.numbers, one.pace, one.error, one.actions);
      cards.set(job.jobId, one);
    }
    if (one.state.dataset.state === 'running' && job.state !== 'running') {
      news.textContent = `Job ${job.jobId}: ${states[job.state] ?? job.state}, ${number(job.detected)} detected, ${number(job.failed)} failed.`;
    }
    one.state.textContent = states[job.state] ?? job.state;
    one.state.dataset.state = job.state;
    const done = doneOf(job);
    one.bar.max = Math.max(1, job.discovered);
    if (job.state === 'running' && !job.discovered) one.bar.removeAttribute('value');
    else one.bar.value = job.state === 'running' ? done : Math.max(1, job.discovered);
    one.bar.hidden = job.state !== 'running';
    one.numbers.replaceChildren(h('b', {}, `${number(done)} of ${number(job.discovered)}${job.isListed ? '' : '+'}`), ' images · ',
      h('span', { class: 'good' }, `${number(job.detected)} detected`), ' · ',
      h('span', { class: job.failed ? 'bad' : '' }, `${number(job.failed)} failed`), ` · ${number(job.skipped)} skipped`);
    one.pace.textContent = job.state === 'running'
      ? `${job.imagesPerSecond.toFixed(1)} images/s · ${job.secondsLeft === null ? 'time left unknown' : `${duration(job.secondsLeft)} left`}`
      : [
        `${job.imagesPerSecond.toFixed(1)} images/s`,
        // A job that failed without a manifest has no end that is known.
        job.endedUtc ? `took ${duration((Date.parse(job.endedUtc) - Date.parse(job.startedUtc)) / 1000)}` : '',
        new Date(job.startedUtc).toLocaleString('en'),
      ].filter(Boolean).join(' · ');
    one.error.hidden = !job.error;
    one.error.textContent = job.error ?? '';
    if (one.was !== `${job.state} ${job.failed}`) {
      one.was = `${job.state} ${job.failed}`;
      one.actions.replaceChildren(...[
        h('a', { class: 'button secondary', href: linkTo('results', { job: job.jobId }) }, 'Look at it'),
        job.failed ? h('a', { class: 'button secondary', href: linkTo('failures', { job: job.jobId }) }, 'Failures') : null,
        !config.readOnly && job.failed && job.state !== 'running'
          ? h('button', { type: 'button', class: 'secondary', onclick: () => retry(job).catch(complain) }, 'Try failures again') : null,
        !config.readOnly ? h('a', { class: 'button secondary', href: linkTo('compare', { after: job.jobId }) }, 'Compare') : null,
        !config.readOnly && job.state === 'running'
          ? h('button', { type: 'button', class: 'danger', onclick: () => cancel(job).catch(complain) }, 'End it') : null,
      ].filter(Boolean));
    }
    return one.element;
  }

  /** Shows what is known of these jobs, and all others, the latest first. */
  function show(jobs) {
    for (const job of jobs) {
      const progress = `${job.state} ${doneOf(job)}`;
      if (seen.get(job.jobId) !== progress) forgetResults();
      seen.set(job.jobId, progress);
      known.set(job.jobId, job);
    }
    const all = [...known.values()].sort(byId);
    empty.hidden = all.length > 0;
    more.hidden = !continuation;
    arrange(list, all.map(job => card(job)));
    for (const job of all) cards.get(job.jobId).element.classList.toggle('marked', job.jobId === marked);
    if (!isScrolled && known.has(marked)) {
      isScrolled = true;
      cards.get(marked).element.scrollIntoView({ block: 'nearest' });
    }
  }

  async function older() {
    const page = await get('jobs', { limit: 100, continuation });
    if (ended) return;
    continuation = page.continuation;
    show(page.jobs);
    // The button may be gone, and the keyboard goes on with what came.
    if (page.jobs.length) cards.get(page.jobs[0].jobId).element.querySelector('a').focus();
  }

  async function poll() {
    clearTimeout(timer);
    let wait = 10_000;
    try {
      if (document.visibilityState === 'visible') {
        const page = await get('jobs', { limit: 30 });
        const latest = new Set(page.jobs.map(job => job.jobId));
        // Of those on no first page: what still runs, and the job that the address names.
        const others = await Promise.all(
          [...new Set([...[...known.values()].filter(job => job.state === 'running').map(job => job.jobId), isMissed ? '' : marked])]
            .filter(id => id && !latest.has(id) && (known.get(id)?.state ?? 'running') === 'running' && !config.readOnly)
            .map(id => get(`jobs/${encodeURIComponent(id)}`).catch(error => {
              // One that does not answer is asked again, and keeps no other waiting; one that is gone is not.
              if (error.status === 404) {
                if (id === marked && !known.has(id)) {
                  isMissed = true;
                  say(`There is no job ${shown(id)}.`, 'error');
                }
                known.delete(id);
              }
              return null;
            })));
        isAnswered = true;
        if (ended) return;
        // What lies between the page and the jobs that are known, after a long pause, is among the older ones again.
        const first = [...known.values()].filter(job => job.jobId !== marked).sort(byId)[0];
        if (continuation === undefined || (page.continuation && first && byId(page.jobs.at(-1), first) < 0)) {
          continuation = page.continuation ?? null;
        }
        show([...page.jobs, ...others.filter(Boolean)]);
        if ([...known.values()].some(job => job.state === 'running')) wait = 700;
      }
    } catch (error) {
      // Said once; the next answers are waited for.
      if (isAnswered && !ended) complain(error);
      isAnswered = false;
      wait = 5000;
    } finally {
      clearTimeout(timer);
      if (!ended) timer = setTimeout(poll, wait);
    }
  }

  return {
    element,
    start() {
      poll();
      if (!config.readOnly) {
        get('models').then(({ models }) => model.append(...models.map(one =>
          h('option', { value: `${one.name}/${one.version}` }, `${one.name} ${one.version}${one.isCurrent ? ' (current)' : ''}`)))).catch(() => {});
      }
    },
    dispose() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

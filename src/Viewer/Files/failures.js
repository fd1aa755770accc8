// What failed, by code, and a way to try it again.

import { post } from './api.js';
import { complain, eachFrame, h, nameOf, number, plural, say, shown } from './dom.js';
import { forgetResults } from './results.js';
import { Loader } from './store.js';

const help = {
  image_empty: 'The file has no bytes: a writer probably created the blob before it wrote the content. Upload it again.',
  not_an_image: 'The file is none of JPEG, PNG, BMP, WebP, GIF and TIFF. Convert it, or keep such files out of the container.',
  image_truncated: 'The file ends before the image does. Upload it again.',
  image_too_large: 'The file has more bytes than the limit. Make it smaller, or raise the limit.',
  image_too_many_pixels: 'The image has more pixels than the limit. Make it smaller, or raise the limit.',
  image_too_many_tiles: 'Sliced, the image has more tiles than the limit. Use larger slices, or less overlap.',
  image_undecodable: 'The file is whole and damaged inside, or of a kind that the decoder does not know. Encode it again.',
  blob_not_found: 'The image was deleted before its turn.',
  blob_changed: 'The image was overwritten before its turn; its new content has a result of its own.',
  name_unusable: 'The name leads nowhere. Rename the blob.',
  message_invalid: 'The message about the image cannot be read; the reason stands beside it. Send it again.',
  inference_failed: 'The model failed on this image alone. If it fails again, keep the image and report it.',
  model_not_served: 'The request named a model that is not served. Publish it, or name another one.',
  model_not_usable: 'The request named a model that cannot be loaded. Publish it again, or name another one.',
  class_unknown: 'The request named a class that the model does not have.',
  blob_archived: 'Move the image to a readable tier, then try again.',
  blob_refused: 'Storage refuses this image to the app; the reason stands beside it. Let the app read it, then try again.',
  worker_crashed: 'The worker ended three times at this image. It is not tried again by itself.',
  poison: 'The message failed as often as the queue allows. The app’s log has the cause.',
};

export function failuresView({ parameters, config, linkTo }) {
  const job = parameters.get('job') ?? (config.readOnly ? config.job ?? '' : '');
  const prefix = parameters.get('prefix') ?? '';
  const title = h('h1', {}, 'Failures');
  const count = h('p', { class: 'muted', role: 'status' }, 'Loading…');
  const list = h('div', { class: 'groups' });
  const retry = h('button', { type: 'button', class: 'primary', hidden: true, onclick: () => again().catch(complain) });
  const hint = h('p', { class: 'hint', hidden: true });
  const element = h('div', { class: 'page' },
    h('div', { class: 'row spread' }, h('div', {}, title, count, hint), retry),
    h('p', { class: 'muted' }, job ? ['Of job ', h('a', { href: linkTo('results', { job }) }, job)] : prefix ? ['Of images whose names begin with ', nameOf(prefix)] : 'Of every image’s latest result'),
    list);
  const open = new Set();
  const loader = new Loader({ job, prefix, status: 'failed' }, eachFrame(show));

  // What failed for its content fails again, unless other content was uploaded since; the app knows that, the page does not.
  const isFinal = code => !config.retryable.includes(code);

  /** Tries again: without a code whatever may get better, with one the images of that code. */
  async function again(code = null) {
    const force = code !== null && isFinal(code);
    const started = job
      ? await post(`jobs/${encodeURIComponent(job)}/retry`, undefined, { failure: code, force: force || null })
      : await post('jobs', {
        prefix, onlyFailed: true, onlyRetryable: !force, includeCrashed: force, failureCodes: code ? [code] : undefined,
      });
    forgetResults();
    say(`Job ${started.jobId} tries again what still fails.`);
    location.hash = linkTo('jobs', { job: started.jobId });
  }

  function show() {
    const { store, done, error } = loader;
    count.textContent = error ? error.message : `${plural(store.length, 'image')}${done ? '' : ' so far'}`;
    const groups = store.codes.list.map(() => []);
    for (let i = 0; i < store.length; i++) groups[store.code.values[i] - 1].push(i);
    const last = store.codes.list.reduce((sum, code, i) => sum + (isFinal(code) ? groups[i].length : 0), 0);
    const more = loader.full ? '+' : '';
    const numberOf = length => `${number(length)}${more}`;
    retry.hidden = config.readOnly || store.length === 0 || !done || error !== null;
    retry.textContent = last < store.length ? `Try ${numberOf(store.length - last)} again` : 'Try again what was uploaded anew';
    hint.hidden = last === 0 || !done;
    const which = last === store.length ? 'They' : `${numberOf(last)} of them`;
    hint.textContent = `${which} cannot get better: the same bytes fail again.`
      + (config.readOnly ? '' : ' What was uploaded again since is tried, too.');
    const order = groups.map((_, i) => i).sort((a, b) => groups[b].length - groups[a].length);
    list.replaceChildren(...order.map(i => {
      const code = store.codes.list[i];
      const shownRows = groups[i].slice(0, 200);
      const details = h('details', { class: 'group', open: open.has(code) || order.length === 1 },
        h('summary', {}, h('code', {}, code), h('span', { class: 'num badge' }, numberOf(groups[i].length)),
          isFinal(code) ? h('span', { class: 'badge final' }, 'fails again') : null),
        help[code] ? h('p', { class: 'hint' }, help[code]) : null,
        config.readOnly || !done || error ? null : h('button', {
          type: 'button', class: 'secondary', dataset: { code }, onclick: () => again(code).catch(complain),
        }, `Try ${numberOf(groups[i].length)} ${isFinal(code) ? 'anyway' : 'again'}`),
        h('ul', { class: 'failures' }, shownRows.map(index => h('li', {}, nameOf(store.names[index]), h('p', { class: 'muted' }, shown(store.messages.get(index)))))),
        groups[i].length > shownRows.length ? h('p', { class: 'hint' }, `and ${number(groups[i].length - shownRows.length)} more`) : null);
      details.addEventListener('toggle', () => (details.open ? open.add(code) : open.delete(code)));
      return details;
    }));
    if (done && !error && store.length === 0) list.replaceChildren(h('p', { class: 'empty' }, 'Nothing failed.'));
  }

  return { element, start: () => loader.run(), dispose: () => loader.stop() };
}

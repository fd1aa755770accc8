// What failed, by code, and a way to try it again.

import { post } from './api.js';
import { complain, eachFrame, h, nameOf, number, plural, say, shown } from './dom.js';
import { Loader } from './store.js';

const help = {
  image_empty: 'The file has no bytes: a writer probably created the blob before it wrote the content. Upload it again.',
  not_an_image: 'The file is none of JPEG, PNG, BMP, WebP, GIF and TIFF. Convert it, or keep such files out of the container.',
  image_truncated: 'The file ends before the image does. Upload it again.',
  image_too_large: 'The file has more bytes than the limit. Make it smaller, or raise the limit.',
  image_too_many_pixels: 'The image has more pixels than the limit. Make it smaller, or raise the limit.',
  image_undecodable: 'The file is whole and damaged inside, or of a kind that the decoder does not know. Encode it again.',
  blob_not_found: 'The image was deleted before its turn.',
  blob_changed: 'The image was overwritten before its turn; its new content has a result of its own.',
  blob_archived: 'Move the image to a readable tier, then try again.',
  worker_crashed: 'The worker ended twice at this image. It is not tried again by itself.',
  poison: 'The message failed as often as the queue allows. The app’s log has the cause.',
};

export function failuresView({ parameters, config, linkTo }) {
  const job = parameters.get('job') ?? (config.readOnly ? config.job ?? '' : '');
  const prefix = parameters.get('prefix') ?? '';
  const title = h('h1', {}, 'Failures');
  const count = h('p', { class: 'muted', role: 'status' }, 'Loading…');
  const list = h('div', { class: 'groups' });
  const retry = h('button', { type: 'button', class: 'primary', hidden: true, onclick: () => again().catch(complain) }, 'Try them again');
  const element = h('div', { class: 'page' },
    h('div', { class: 'row spread' }, h('div', {}, title, count), retry),
    h('p', { class: 'muted' }, job ? ['Of job ', h('a', { href: linkTo('results', { job }) }, job)] : prefix ? ['Of images whose names begin with ', nameOf(prefix)] : 'Of every image’s latest result'),
    list);
  const open = new Set();
  const loader = new Loader({ job, prefix, status: 'failed' }, eachFrame(show));

  async function again() {
    const started = job && !config.readOnly
      ? await post(`jobs/${encodeURIComponent(job)}/retry`)
      : await post('jobs', { prefix, onlyFailed: true });
    say(`Job ${started.jobId} tries them again.`);
    location.hash = linkTo('jobs', { job: started.jobId });
  }

  function show() {
    const { store, done, error } = loader;
    count.textContent = error ? error.message : `${plural(store.length, 'image')}${done ? '' : ' so far'}`;
    retry.hidden = config.readOnly || store.length === 0;
    const groups = store.codes.list.map(() => []);
    for (let i = 0; i < store.length; i++) groups[store.code.values[i] - 1].push(i);
    const order = groups.map((_, i) => i).sort((a, b) => groups[b].length - groups[a].length);
    list.replaceChildren(...order.map(i => {
      const code = store.codes.list[i];
      const shownRows = groups[i].slice(0, 200);
      const details = h('details', { class: 'group', open: open.has(code) || order.length === 1 },
        h('summary', {}, h('code', {}, code), h('span', { class: 'num badge' }, number(groups[i].length))),
        help[code] ? h('p', { class: 'hint' }, help[code]) : null,
        h('ul', { class: 'failures' }, shownRows.map(index => h('li', {}, nameOf(store.names[index]), h('p', { class: 'muted' }, shown(store.messages.get(index)))))),
        groups[i].length > shownRows.length ? h('p', { class: 'hint' }, `and ${number(groups[i].length - shownRows.length)} more`) : null);
      details.addEventListener('toggle', () => (details.open ? open.add(code) : open.delete(code)));
      return details;
    }));
    if (done && !error && store.length === 0) list.replaceChildren(h('p', { class: 'empty' }, 'Nothing failed.'));
  }

  return { element, start: () => loader.run(), dispose: () => loader.stop() };
}

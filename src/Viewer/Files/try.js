// A first try: a photo of this machine, detected at once. Nothing is stored.

import { send } from './api.js';
import { complain, h, nameOf } from './dom.js';
import { Picture } from './picture.js';

export function tryView() {
  const picture = new Picture();
  const name = h('h2', {});
  const input = h('input', { type: 'file', id: 'file', multiple: true, accept: 'image/*,.tif,.tiff,.bmp', onchange: () => take(input.files) });
  const drop = h('label', { class: 'drop', for: 'file' },
    h('strong', {}, 'Drop photos here'), h('span', {}, 'or choose files. They are detected by the app and not stored.'), input);
  const score = h('input', { type: 'range', min: '0.05', max: '0.95', step: '0.05', value: '0.35', id: 'try-score', oninput: () => { value.textContent = Number(score.value).toFixed(2); } });
  const value = h('output', { for: 'try-score' }, '0.35');
  score.addEventListener('change', () => current && take([current.file]));
  const status = h('p', { class: 'muted', role: 'status' });
  const strip = h('ul', { class: 'strip' });
  const result = h('section', { class: 'tried', hidden: true }, name, status, picture.element, strip);
  const element = h('div', { class: 'page try-page' }, h('h1', {}, 'Try a photo'), drop,
    h('div', { class: 'label-row narrow' }, h('label', { for: 'try-score' }, 'Lowest score'), value), score, result);
  const tried = new Map(); // what came of each file
  let current = null; // what is shown
  let asked = 0;

  for (const type of ['dragover', 'dragleave', 'drop']) {
    element.addEventListener(type, event => {
      event.preventDefault();
      drop.classList.toggle('over', type === 'dragover');
      if (type === 'drop') take(event.dataTransfer.files);
    });
  }

  async function take(files) {
    const all = [...files]; // the input's own list is emptied, here and by the next choice
    input.value = '';
    for (const file of all) await detect(file);
  }

  /** Detects a file. Answers may come in another order than they were asked for: what is shown is that of the last question. */
  async function detect(file) {
    const mine = ++asked;
    const one = tried.get(file) ?? { file, url: URL.createObjectURL(file) };
    tried.set(file, one);
    Object.assign(one, { asked: mine, score: score.value });
    result.hidden = false;
    name.replaceChildren(nameOf(file.name));
    status.textContent = 'Detecting…';
    const began = performance.now();
    try {
      const answer = await (await send('detect', {
        method: 'POST', body: file, type: 'application/octet-stream', parameters: { score: one.score, name: file.name.slice(0, 1024) || 'photo' },
      })).json();
      if (one.asked !== mine) return;
      const took = performance.now() - began;
      one.answer = answer;
      one.said = `${answer.model.name} ${answer.model.version} on ${answer.provider}: ${took.toFixed(0)} ms, of which the model took ${answer.timings.inferenceMs.toFixed(1)} ms`;
      if (!one.item) strip.append(one.item = thumbnailOf(one));
      if (mine === asked) show(one);
    } catch (caught) {
      if (one.asked !== mine) return;
      // With two roles, this page is the coordinator's, which has no model.
      const error = caught.status === 404
        ? new Error('This part of the app has no model. Put the photo into the container “images” instead; its result comes up under Results.') : caught;
      complain(error);
      if (mine !== asked) return;
      // The picture of another file would stand under this one's name.
      status.textContent = error.message;
      picture.element.hidden = true;
    }
  }

  function thumbnailOf(one) {
    const thumb = h('img', { alt: '', draggable: 'false' });
    thumb.src = one.url;
    return h('li', {}, h('button', {
      type: 'button', 'aria-label': `Show ${one.file.name}`,
      onclick: () => {
        if (one.score !== score.value) {
          take([one.file]);
          return;
        }
        asked++;
        name.replaceChildren(nameOf(one.file.name));
        show(one);
      },
    }, thumb));
  }

  function show(one) {
    const { url, answer, said } = current = one;
    status.textContent = said;
    picture.element.hidden = false;
    const boxes = answer.detections.map(found => ({ ...found, ...found.box }));
    picture.showFile(url, answer.image.width, answer.image.height, boxes, [
      ['Size', `${answer.image.width} × ${answer.image.height} pixels`],
      ['Model', `${answer.model.name} ${answer.model.version}`],
      ['Provider', answer.provider],
    ]);
  }

  return {
    element,
    dispose() {
      picture.dispose();
      asked++;
      for (const one of tried.values()) URL.revokeObjectURL(one.url);
    },
  };
}

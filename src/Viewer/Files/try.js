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
  score.addEventListener('change', () => current && detect(current.file).catch(complain));
  const status = h('p', { class: 'muted', role: 'status' });
  const strip = h('ul', { class: 'strip' });
  const result = h('section', { class: 'tried', hidden: true }, name, status, picture.element, strip);
  const element = h('div', { class: 'page try-page' }, h('h1', {}, 'Try a photo'), drop,
    h('div', { class: 'label-row narrow' }, h('label', { for: 'try-score' }, 'Lowest score'), value), score, result);
  let current = null;

  for (const type of ['dragover', 'dragleave', 'drop']) {
    element.addEventListener(type, event => {
      event.preventDefault();
      drop.classList.toggle('over', type === 'dragover');
      if (type === 'drop') take(event.dataTransfer.files);
    });
  }

  async function take(files) {
    for (const file of files) {
      try {
        await detect(file);
      } catch (caught) {
        // With two roles, this page is the coordinator's, which has no model.
        const error = caught.status === 404
          ? new Error('This part of the app has no model. Put the photo into the container “images” instead; its result comes up under Results.') : caught;
        complain(error);
        status.textContent = error.message;
      }
    }
    input.value = '';
  }

  async function detect(file) {
    result.hidden = false;
    name.replaceChildren(nameOf(file.name));
    status.textContent = 'Detecting…';
    const began = performance.now();
    const answer = await (await send('detect', {
      method: 'POST', body: file, type: 'application/octet-stream', parameters: { score: score.value, name: file.name.slice(0, 1024) || 'photo' },
    })).json();
    const took = performance.now() - began;
    const url = current?.file === file ? current.url : URL.createObjectURL(file);
    current = { file, url, answer };
    status.textContent = `${answer.model.name} ${answer.model.version} on ${answer.provider}: ${took.toFixed(0)} ms, of which the model took ${answer.timings.inferenceMs.toFixed(1)} ms`;
    show(current);
    if (![...strip.children].some(item => item.dataset.url === url)) {
      const one = current;
      const thumb = h('img', { alt: '', draggable: 'false' });
      thumb.src = url;
      strip.append(h('li', { dataset: { url } }, h('button', {
        type: 'button', 'aria-label': `Show ${file.name}`,
        onclick: () => {
          current = one;
          name.replaceChildren(nameOf(one.file.name));
          show(one);
        },
      }, thumb)));
    }
  }

  function show({ url, answer }) {
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
      for (const item of strip.children) URL.revokeObjectURL(item.dataset.url);
    },
  };
}

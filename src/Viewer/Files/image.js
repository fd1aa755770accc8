// One image, large, in a dialog.

import { complain, h, nameOf, number, shown } from './dom.js';
import { Picture } from './picture.js';

/**
 * The dialog of one image.
 * @param {{ closed: () => void, step: (by: number) => void }} options what closing it does, and going on to the image before or behind it
 */
export function imageDialog({ closed, step }) {
  const picture = new Picture();
  const title = h('h2', {});
  const place = h('span', { class: 'muted num' });
  const failure = h('div', { class: 'failure', hidden: true });
  const dialog = h('dialog', { class: 'detail', 'aria-label': 'Image' },
    h('header', {}, h('div', { class: 'which', role: 'status' }, title, place),
      h('button', { type: 'button', class: 'secondary', 'aria-label': 'The image before', onclick: () => step(-1) }, '‹'),
      h('button', { type: 'button', class: 'secondary', 'aria-label': 'The next image', onclick: () => step(1) }, '›'),
      h('button', { type: 'button', class: 'secondary', 'aria-label': 'Close', onclick: () => leave() }, '×')),
    failure, picture.element);

  // A browser sends "close" a frame later: who reloaded the page until then would find the image open again.
  let isOpen = false;
  const leave = () => {
    if (!isOpen) return;
    isOpen = false;
    if (dialog.open) dialog.close();
    closed();
  };
  dialog.addEventListener('cancel', event => {
    event.preventDefault();
    leave();
  });
  dialog.addEventListener('close', () => {
    // The next image may be open by then.
    if (!dialog.open) leave();
  });
  dialog.addEventListener('keydown', event => {
    if (event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) {
      event.preventDefault();
      step(by);
    }
  });
  return {
    place: 0,
    open(at, of, image, boxes, facts, error) {
      this.place = at;
      if (!dialog.isConnected) document.body.append(dialog);
      if (!dialog.open) dialog.showModal();
      isOpen = true;
      title.replaceChildren(nameOf(image.name));
      place.textContent = `${number(at + 1)} of ${number(of)}`;
      failure.hidden = !error;
      picture.element.hidden = Boolean(error);
      if (error) failure.replaceChildren(h('code', {}, error.code), h('p', {}, shown(error.message)));
      else picture.show(image, boxes, facts).catch(complain);
    },
    close: leave,
    dispose() {
      picture.dispose();
      dialog.remove();
    },
  };
}

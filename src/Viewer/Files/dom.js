// Elements are made of text and attributes only: whatever a name, a class or a message holds, it is never read as markup.

/**
 * Makes an element.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `class`, `on*` listeners, `dataset`, properties that exist on elements, or attributes
 * @param {...any} children elements, texts, lists of them; null and false are left out
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'class') element.className = value;
    else if (name === 'dataset') Object.assign(element.dataset, value);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== 'string') element[name] = value;
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(3).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** Makes an element of a picture. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const number = value => value.toLocaleString('en');
export const plural = (count, one, many = one + 's') => `${number(count)} ${count === 1 ? one : many}`;

/** The text as people may read it: what would turn or hide its neighbours is shown by its code. */
export const shown = text => text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
  character => '\\u' + character.charCodeAt(0).toString(16).padStart(4, '0'));

/** A name that may be long or of any script: on one line, its direction its own, whole in its tooltip. */
export const nameOf = (text, className = 'name') => h('bdi', { class: className, title: shown(text) }, shown(text));

/** A list of images, by name as far as a list is of use, closed at first; null for none. It scrolls, by the keyboard as well. */
export function nameList(names, why, most = 100) {
  if (!names.length) return null;
  const label = `${plural(names.length, 'image')} ${why}`;
  return h('details', { class: 'name-list' }, h('summary', {}, label),
    h('ul', { tabindex: '0', role: 'list', 'aria-label': label }, names.slice(0, most).map(name => h('li', {}, nameOf(name)))),
    names.length > most ? h('p', { class: 'hint' }, `and ${number(names.length - most)} more`) : null);
}

/** Shows the last part of a name, where images differ, in an element of `nameOf`; the whole is in its tooltip. */
export const showFileName = (element, text) => {
  element.title = shown(text);
  element.textContent = shown(text.slice(text.lastIndexOf('/') + 1) || text);
};

const notes = () => document.getElementById('notes');

/** Says something for a while. */
export function say(text, kind = 'info') {
  const note = h('div', { class: `note ${kind}` }, h('span', {}, text),
    h('button', { type: 'button', class: 'quiet', 'aria-label': 'Close', onclick: () => note.remove() }, '×'));
  notes().append(note);
  if (kind !== 'error') setTimeout(() => note.remove(), 6000);
}

export const complain = error => {
  if (error?.name !== 'AbortError') say(error?.message ?? String(error), 'error');
};

/** Asks before something that others notice. */
export function confirm(title, text, action) {
  return new Promise(resolve => {
    const dialog = h('dialog', { class: 'ask', 'aria-label': title },
      h('h2', {}, title), h('p', {}, text),
      h('form', { method: 'dialog', class: 'row end' },
        h('button', { value: 'no', class: 'secondary' }, 'Cancel'),
        h('button', { value: 'yes', class: 'primary' }, action)));
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/**
 * Puts elements into a list, in this order. What is there already stays what it is: an element that was made anew would have lost the focus,
 * and the click that had just begun on it.
 */
export function arrange(list, elements) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  elements.forEach((element, i) => {
    if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
  });
  while (list.children.length > elements.length) list.lastElementChild.remove();
  if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

/** Lets the browser do other things between two parts of a long work. */
export const pause = () => globalThis.scheduler?.yield?.() ?? new Promise(resolve => setTimeout(resolve, 0));

/** Calls at most once a frame. */
export function eachFrame(action) {
  let asked = false;
  return () => {
    if (!asked) {
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        action();
      });
    }
  };
}

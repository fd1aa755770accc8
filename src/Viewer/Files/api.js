// The API: requests, and errors as problem details. A function key stays in this tab.

const base = new URL('../', document.baseURI);
const keyName = 'nanodet.key';

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `The app answered with ${status}.`);
    this.status = status;
    this.code = problem.code ?? '';
  }
}

export const key = {
  get: () => sessionStorage.getItem(keyName),
  set: value => (value ? sessionStorage.setItem(keyName, value) : sessionStorage.removeItem(keyName)),
};

let onKeyWanted = null;

/** @param {() => Promise<boolean>} ask asks for a key when the app wants one; true when there is a new one */
export function askForKey(ask) {
  onKeyWanted = ask;
}

/** The address of a resource. Parameters that are null or empty are left out. */
export function address(path, parameters = {}) {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  return url;
}

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return {};
  }
}

/** Sends a request, and gives the answer when it is a success. */
export async function send(path, { method = 'GET', parameters, body, type, signal, retried = false } = {}) {
  const headers = {};
  if (key.get()) headers['x-functions-key'] = key.get();
  if (type) headers['content-type'] = type;
  let response;
  try {
    response = await fetch(address(path, parameters), { method, body, headers, signal, redirect: 'manual', credentials: 'same-origin' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, { detail: 'The app does not answer. Is it running, and is this machine connected?' });
  }
  if (response.status === 401 && onKeyWanted && !retried && await onKeyWanted()) {
    return send(path, { method, parameters, body, type, signal, retried: true });
  }
  if (response.status === 401 && key.get()) {
    throw new ApiError(401, {
      detail: 'The app refuses this key (401). Choose "Forget the key", and type another; where you had to sign in, reload the page first.',
    });
  }
  if (response.type === 'opaqueredirect') {
    // Of its own accord the API sends nobody elsewhere: the sign-in in front of it does, when a session has come to its end.
    throw new ApiError(401, { detail: 'You are signed out. Reload the page to sign in again.' });
  }
  if (!response.ok) throw new ApiError(response.status, await problemOf(response));
  return response;
}

export const get = async (path, parameters, signal) => (await send(path, { parameters, signal })).json();
export const post = async (path, value, parameters) => (await send(path, {
  method: 'POST', parameters, body: value === undefined ? undefined : JSON.stringify(value), type: 'application/json',
})).json();

let config = null;

/** What serves this page: the app, or a command line that only shows results. */
export async function settings() {
  config ??= await (await fetch(new URL('config.json', document.baseURI))).json();
  return config;
}

const thumbnailOf = (image, size) => ['thumbnails', {
  container: image.container, name: image.name, etag: image.etag, size: size === 256 ? null : size,
}];

/** Shows a thumbnail in an element; the function it gives ends that. */
export function showThumbnail(element, image, size = 256) {
  const [path, parameters] = thumbnailOf(image, size);
  if (!key.get()) {
    element.src = address(path, parameters);
    return () => element.removeAttribute('src');
  }
  // An image element sends no key.
  const abort = new AbortController();
  let url = null;
  send(path, { parameters, signal: abort.signal }).then(response => response.blob()).then(blob => {
    if (abort.signal.aborted) return;
    url = URL.createObjectURL(blob);
    element.src = url;
  }).catch(() => {
    // The element may show another image by now.
    if (!abort.signal.aborted) element.dispatchEvent(new Event('error'));
  });
  return () => {
    abort.abort();
    element.removeAttribute('src');
    if (url) URL.revokeObjectURL(url);
  };
}

/** An address of the image itself, with the content that was detected, good for a few minutes. */
export const imageLink = (image, signal) => get('images', { container: image.container, name: image.name, etag: image.etag }, signal);

/** Saves an answer as a file, under the name that the answer gives it. An answer that is none is an error, and no file. */
export async function download(path, parameters, name) {
  const answer = await send(path, { parameters });
  const given = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1];
  save(await answer.blob(), given ?? name);
}

export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Models: what was published, which one is current, and the way back.

import { get, post } from './api.js';
import { complain, confirm, h, nameOf, say } from './dom.js';

const bytes = count => (count < 1 << 20 ? `${(count / 1024).toFixed(0)} KiB` : `${(count / (1 << 20)).toFixed(1)} MiB`);

export function modelsView({ config, linkTo }) {
  const rows = h('tbody');
  const served = h('p', { class: 'muted served', role: 'status' }); // has its line before it has its text
  const empty = h('p', { class: 'empty', hidden: true }, 'No model was published yet: drop a checkpoint and its config into the container “checkpoints”.');
  const element = h('div', { class: 'page' }, h('h1', {}, 'Models'), served, empty,
    h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Models' }, h('table', { class: 'model-table' },
      h('thead', {}, h('tr', {}, ['Model', 'Version', 'Precision', 'Size', 'Published', ''].map(name => h('th', { scope: 'col' }, name)))),
      rows)));

  async function back(model) {
    const id = `${model.name}/${model.version}`;
    if (!await confirm('Make this model the current one?',
      `${id} is verified again first. Images that come from then on are detected with it; results that are there stay.`, 'Roll back')) return;
    const current = await post('models/rollback', { model: id });
    say(`${current.name} ${current.version} is current.`, 'good');
    await load();
  }

  async function load() {
    const { models } = await get('models');
    empty.hidden = models.length > 0;
    rows.replaceChildren(...models.map(model => h('tr', { class: model.isCurrent ? 'current' : '' },
      h('th', { scope: 'row' }, nameOf(model.name)),
      h('td', {}, nameOf(model.version), model.isCurrent ? h('span', { class: 'badge good' }, 'current') : null,
        model.sha256 && !model.sha256.startsWith(model.version) ? h('code', { class: 'sha', title: model.sha256 }, model.sha256.slice(0, 12)) : null),
      h('td', {}, model.forms.join(', ') || model.precision || 'one file'),
      h('td', { class: 'num' }, bytes(model.bytes)),
      h('td', {}, new Date(model.publishedUtc).toLocaleString('en')),
      h('td', { class: 'end' }, model.isCurrent ? config.canDetect && h('a', { class: 'button secondary', href: linkTo('try') }, 'Try it')
        : h('button', { type: 'button', class: 'secondary', onclick: () => back(model).catch(complain), 'aria-label': `Roll back to ${model.name} ${model.version}` }, 'Roll back')))));
    try {
      const health = await get('health/details');
      served.textContent = health.model
        ? `Serving ${health.model.name} ${health.model.version} on ${health.provider}, ${health.model.inputWidth} × ${health.model.inputHeight} pixels`
        : health.role === 'coordinator' ? 'The workers serve the current model.' : health.reason ?? '';
    } catch (error) {
      served.textContent = error.message;
    }
  }

  return { element, start: () => load().catch(complain) };
}

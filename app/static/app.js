/* The example's page script. Every call to the app has a fresh context JWT. */
(function () {
  'use strict';

  const byId = (id) => document.getElementById(id);

  /* The texts of this script, in the language of the page, which contains them. */
  const texts = JSON.parse(byId('status') ? byId('status').dataset.texts : '{}');

  async function call(method, url, body) {
    const headers = { Authorization: `JWT ${await AP.context.getToken()}` };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const answer = response.status === 204 ? null : await response.json();
    if (!response.ok) throw new Error(answer.error || texts.answered.replace('{status}', response.status));
    return answer;
  }

  function say(text, failed) {
    const status = byId('status');
    status.textContent = text;
    status.classList.toggle('bad', Boolean(failed));
    status.hidden = false;
  }

  function mark(element, text, kind) {
    element.textContent = text;
    element.classList.remove('good', 'bad');
    if (kind) element.classList.add(kind);
  }

  /* Run one exchange; show its result, or why it failed. */
  async function attempt(exchange, success) {
    try {
      await exchange();
      if (success) say(success);
    } catch (error) {
      say(error.message, true);
    }
  }

  let administrator = false;

  const showRights = async () => {
    const element = byId('rights');
    ({ administrator } = await call('GET', element.dataset.url));
    element.hidden = administrator;
  };

  const showContext = async () => {
    const element = byId('context');
    const answer = await call('GET', element.dataset.url);
    const same = answer.clientKey === byId('tenant').textContent;
    element.textContent = same ? texts.accepted : texts.other;
  };

  const showLicense = async () => {
    const element = byId('license');
    const { active, type, evaluation } = await call('GET', element.dataset.url);
    if (active === null) mark(element, texts.free);
    else if (active) mark(element, evaluation ? texts.evaluation : texts.active.replace('{type}', String(type).toLowerCase()), 'good');
    else mark(element, texts.inactive, 'bad');
  };

  const showNote = async () => {
    const form = byId('note');
    const { value } = await call('GET', form.dataset.url);
    form.elements.value.value = value || '';
    for (const control of form.elements) control.disabled = !administrator;
    byId('note-delete').disabled = !administrator || value === null;
  };

  const showMenu = async () => {
    const element = byId('menu');
    const { present } = await call('GET', element.dataset.url);
    mark(element, present ? texts.present : texts.absent, present && 'good');
    byId('menu-add').disabled = !administrator || present;
    byId('menu-remove').disabled = !administrator || !present;
  };

  function listen() {
    const form = byId('note');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const value = form.elements.value.value;
      attempt(async () => { await call('PUT', form.dataset.url, { value }); await showNote(); }, texts.saved);
    });
    byId('note-delete').addEventListener('click', () => attempt(
      async () => { await call('DELETE', form.dataset.url); await showNote(); }, texts.deleted));
    const menu = byId('menu').dataset.url;
    byId('menu-add').addEventListener('click', () => attempt(
      async () => { await call('PUT', menu); await showMenu(); }, texts.added));
    byId('menu-remove').addEventListener('click', () => attempt(
      async () => { await call('DELETE', menu); await showMenu(); }, texts.removed));
  }

  if (typeof AP === 'undefined' || !AP.context) {
    if (byId('status')) say(texts.bridge, true);
    return;
  }
  if (AP.theming) AP.theming.initializeTheming();
  if (document.querySelector('.greeting')) AP.resize();
  if (byId('note')) {
    listen();
    [showContext, showLicense].forEach((show) => attempt(show));
    attempt(showRights).then(() => [showNote, showMenu].forEach((show) => attempt(show)));
  }
})();

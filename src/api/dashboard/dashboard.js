'use strict';
/*
 * What the API tells becomes text, never markup: everything goes through textContent. The key is in
 * this closure and in nothing that outlives the page.
 */
(() => {
  const API = '/api/v1/namespaces/_/';
  const POLL_MS = 2000, ACTIONS_MS = 10000, RETRY_MAX_MS = 30000;
  const SHOWN = 200;          // activations
  const LONGEST_MS = 300000;  // an activation may end so long after it began
  const TEXT_MAX = 200000;    // characters of a result or log that are shown
  const STATUS = ['success', 'application error', 'action developer error', 'whisk internal error'];

  const $ = (id) => document.getElementById(id);
  let key = null, paused = false, timer = 0, wait = POLL_MS, actionsAt = 0, round = 0;
  let activations = new Map(), open = new Set();

  // ---- the page ----

  function element(name, text, className) {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (className) e.className = className;
    return e;
  }

  function button(text, act) {
    const b = element('button', text);
    b.type = 'button';
    b.addEventListener('click', act);
    return b;
  }

  function cell(row, text, className) {
    const td = element('td', text, className);
    row.append(td);
    return td;
  }

  function say(text, bad) {
    if ($('state').textContent !== text) $('state').textContent = text;
    $('state').className = bad ? 'bad' : '';
  }

  const cut = (text) => text.length > TEXT_MAX ?
      `${text.slice(0, TEXT_MAX)}\n… ${text.length - TEXT_MAX} more characters` : text;
  const time = (ms) => new Date(ms).toLocaleString();
  const milliseconds = (n) => n === undefined ? '' : `${n} ms`;

  // ---- the API ----

  class Refused extends Error {}

  async function get(path, withKey = true) {
    const headers = withKey ? {Authorization: 'Basic ' + btoa(key)} : {};
    const answer = await fetch(path, {headers, credentials: 'omit', cache: 'no-store'});
    if (answer.status === 401) throw new Refused('The key is not valid.');
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    return answer;
  }
  const json = async (path) => (await get(API + path)).json();

  // ---- latency ----

  function histograms(text) {
    const found = {cold: [], warm: []};
    const line = /^wow_latency_seconds_bucket\{start="(cold|warm)",le="([^"]+)"\} (\d+)$/gm;
    for (const [, start, le, count] of text.matchAll(line))
      found[start].push({le: le === '+Inf' ? Infinity : Number(le), count: Number(count)});
    for (const all of Object.values(found))
      for (let i = all.length - 1; i > 0; i--) all[i].count -= all[i - 1].count;
    return found;
  }

  function bound(seconds) {
    if (seconds === Infinity) return 'longer';
    if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
    return seconds < 1 ? `${+(seconds * 1000).toPrecision(3)} ms` : `${seconds} s`;
  }

  function bar(count, most, className) {
    const ns = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(ns, 'svg'), rect = document.createElementNS(ns, 'rect');
    svg.setAttribute('class', className);
    svg.setAttribute('aria-hidden', 'true');
    rect.setAttribute('height', '100%');
    rect.setAttribute('width', `${most ? 100 * count / most : 0}%`);
    svg.append(rect);
    return svg;
  }

  function showLatency(text) {
    const {cold, warm} = histograms(text), rows = [];
    const filled = cold.map((b, i) => b.count + warm[i].count > 0);
    const first = filled.indexOf(true), last = filled.lastIndexOf(true);
    const total = (all) => all.reduce((n, b) => n + b.count, 0);
    const most = {cold: Math.max(...cold.map((b) => b.count)),
                  warm: Math.max(...warm.map((b) => b.count))};
    $('starts').textContent = `${total(cold)} cold, ${total(warm)} warm.`;
    for (let i = Math.max(first, 0); i <= last; i++) {
      const row = element('tr');
      row.append(element('th', bound(cold[i].le)));
      row.firstChild.scope = 'row';
      for (const [name, all] of [['cold', cold], ['warm', warm]])
        cell(row).append(bar(all[i].count, most[name], name), String(all[i].count));
      rows.push(row);
    }
    $('latency').tBodies[0].replaceChildren(...rows);
  }

  // ---- actions ----

  function nameOf(entity) {
    const slash = entity.namespace.indexOf('/');
    return slash < 0 ? entity.name : `${entity.namespace.slice(slash + 1)}/${entity.name}`;
  }

  const annotation = (entity, name) =>
      (entity.annotations || []).find((a) => a.key === name)?.value;

  async function loadActions() {
    const mine = round;
    let all = [], page;
    do {
      page = await json(`actions?limit=200&skip=${all.length}`);
      all = all.concat(page);
    } while (page.length === 200 && all.length < 1000);
    if (mine !== round) return; // somebody has signed out
    $('action-count').textContent = `(${all.length}${page.length === 200 ? ' or more' : ''})`;
    const rows = all.map((a) => {
      const row = element('tr'), name = nameOf(a), kind = annotation(a, 'exec');
      cell(row, undefined, 'name').append(button(name, () => {
        $('filter').value = name;
        refilter();
        $('filter').focus();
      }));
      cell(row, typeof kind === 'string' ? kind : '');
      cell(row, a.version);
      cell(row, milliseconds(a.limits?.timeout), 'number');
      cell(row, a.limits ? `${a.limits.memory} MB` : '', 'number');
      cell(row, time(a.updated));
      return row;
    });
    replaceRows($('actions'), rows);
  }

  // What has the focus keeps it, though its row is made anew.
  function replaceRows(table, rows) {
    const buttons = () => [...table.tBodies[0].querySelectorAll('button')];
    const label = buttons().includes(document.activeElement) ?
        document.activeElement.dataset.id || document.activeElement.textContent : null;
    table.tBodies[0].replaceChildren(...rows);
    if (label !== null)
      buttons().find((b) => (b.dataset.id || b.textContent) === label)?.focus();
  }

  // ---- activations ----

  function pathOf(activation) {
    const path = annotation(activation, 'path');
    return typeof path === 'string' ? path.split('/').slice(1).join('/') : activation.name;
  }

  // Triggers, sequences and what is built in have none.
  const hasContainer = (a) => ![undefined, 'sequence', 'builtin'].includes(annotation(a, 'kind'));

  async function toggle(id, row, b) {
    if (open.delete(id)) {
      b.setAttribute('aria-expanded', 'false');
      row.nextSibling?.remove();
      return;
    }
    open.add(id);
    b.setAttribute('aria-expanded', 'true');
    const details = element('tr', undefined, 'details'), td = cell(details);
    td.colSpan = 8;
    td.textContent = 'Loading …';
    row.after(details);
    activations.get(id).details = details;
    try {
      const record = await json(`activations/${id}`);
      td.replaceChildren(element('h3', 'Result'),
                         element('pre', cut(JSON.stringify(record.response.result, null, 2)), 'result'),
                         element('h3', 'Logs'),
                         element('pre', cut(record.logs.join('\n')) || '(none)', 'logs'),
                         element('h3', 'Annotations'),
                         element('pre', cut(JSON.stringify(record.annotations, null, 2)), 'annotations'));
    } catch (error) {
      td.replaceChildren(element('p', String(error.message), 'bad'));
    }
  }

  function makeRow(a) {
    const row = element('tr'), code = a.statusCode || 0, init = annotation(a, 'initTime');
    const b = button(a.activationId.slice(0, 12) + '…', () => toggle(a.activationId, row, b));
    b.setAttribute('aria-expanded', 'false');
    b.setAttribute('aria-label', `Details of activation ${a.activationId}`);
    b.dataset.id = a.activationId;
    cell(row, time(a.start));
    cell(row, pathOf(a), 'name');
    cell(row, STATUS[code] || String(code), code === 0 ? 'good' : 'bad');
    cell(row, hasContainer(a) ? init === undefined ? 'warm' : 'cold' : '');
    cell(row, milliseconds(annotation(a, 'waitTime')), 'number');
    cell(row, milliseconds(init), 'number');
    cell(row, milliseconds(a.duration), 'number');
    cell(row, undefined, 'id').append(b);
    return row;
  }

  function showActivations() {
    const all = [...activations.values()].sort((x, y) => y.a.start - x.a.start ||
        (x.a.activationId < y.a.activationId ? 1 : -1));
    for (const gone of all.splice(SHOWN)) {
      activations.delete(gone.a.activationId);
      open.delete(gone.a.activationId);
    }
    const rows = [], failed = $('failed').checked;
    for (const one of all) {
      if (failed && !one.a.statusCode) continue;
      one.row ||= makeRow(one.a);
      rows.push(one.row);
      if (open.has(one.a.activationId)) rows.push(one.details);
    }
    $('activation-count').textContent = `(the latest ${rows.filter((r) => !r.className).length})`;
    replaceRows($('activations'), rows);
  }

  async function loadActivations() {
    const mine = round, name = $('filter').value.trim();
    const latest = Math.max(0, ...[...activations.values()].map((x) => x.a.start));
    const query = new URLSearchParams({limit: SHOWN, since: Math.max(0, latest - LONGEST_MS)});
    if (name) query.set('name', name);
    const found = await json(`activations?${query}`);
    if (mine !== round) return; // asked for something else meanwhile
    const fresh = found.filter((a) => !activations.has(a.activationId));
    for (const a of fresh) activations.set(a.activationId, {a});
    if (fresh.length || latest === 0) showActivations();
  }

  function refilter() {
    round++;
    activations = new Map();
    open = new Set();
    $('activations').tBodies[0].replaceChildren();
    poll();
  }

  // ---- again and again ----

  // turn: of the look that this is a part of; another may have begun, or it is to be quiet.
  async function refresh(turn) {
    if (Date.now() - actionsAt >= ACTIONS_MS) {
      const mine = round;
      await loadActions();
      if (mine === round) actionsAt = Date.now();
    }
    if (turn === poll.turn) await loadActivations();
    if (turn === poll.turn) showLatency(await (await get('/metrics', false)).text());
  }

  async function poll() {
    clearTimeout(timer);
    timer = 0;
    const mine = ++poll.turn;
    if (key === null || paused || document.hidden) return;
    try {
      await refresh(mine);
      if (mine === poll.turn) say('live');
      wait = POLL_MS;
    } catch (error) {
      if (mine !== poll.turn) return;
      if (error instanceof Refused) return signOut(error.message);
      say(`not reachable: ${error.message}`, true);
      wait = Math.min(2 * wait, RETRY_MAX_MS);
    }
    if (mine === poll.turn && !document.hidden)
      timer = setTimeout(poll, wait);
  }
  poll.turn = 0;

  // ---- in and out ----

  async function signIn(event) {
    event.preventDefault();
    $('login-error').textContent = '';
    key = $('key').value.trim();
    try {
      if (!/^[\x21-\x7e]+:[\x21-\x7e]+$/.test(key)) throw new Error('A key is UUID:SECRET.');
      const [namespace] = await (await get('/api/v1/namespaces')).json();
      $('namespace').textContent = namespace;
    } catch (error) {
      key = null;
      $('login-error').textContent = error.message;
      $('key').focus();
      return;
    }
    $('key').value = '';
    $('login').hidden = true;
    $('board').hidden = $('signed-in').hidden = false;
    $('main').focus();
    poll();
  }

  function signOut(why) {
    key = null;
    round++;
    poll.turn++;
    clearTimeout(timer);
    activations = new Map();
    open = new Set();
    actionsAt = 0;
    for (const id of ['actions', 'activations', 'latency']) $(id).tBodies[0].replaceChildren();
    $('namespace').textContent = '';
    $('filter').value = '';
    $('board').hidden = $('signed-in').hidden = true;
    $('login').hidden = false;
    $('login-error').textContent = typeof why === 'string' ? why : '';
    say('');
    $('key').focus();
  }

  function pause() {
    paused = !paused;
    $('pause').setAttribute('aria-pressed', String(paused));
    say(paused ? 'paused' : 'live');
    poll();
  }

  $('login').addEventListener('submit', signIn);
  $('sign-out').addEventListener('click', signOut);
  $('pause').addEventListener('click', pause);
  $('filter').addEventListener('change', refilter);
  $('failed').addEventListener('change', showActivations);
  document.addEventListener('visibilitychange', poll);
})();

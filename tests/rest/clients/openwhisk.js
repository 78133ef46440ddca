// The npm client "openwhisk" against a wowd: every call it has. WOW_API, WOW_KEY and WOW_ZIP (a
// file) say where; what goes wrong ends it with an exception.
const assert = require('node:assert')
const fs = require('node:fs')
const openwhisk = require('openwhisk')

const ow = openwhisk({ apihost: process.env.WOW_API, api_key: process.env.WOW_KEY })
const zip = fs.readFileSync(process.env.WOW_ZIP)
const kind = 'wasm:0.1'

// The promise is rejected, with this status and text.
async function fails (promise, status, text) {
  const error = await promise.then(() => { throw new Error('no error') }, e => e)
  assert.strictEqual(error.statusCode, status, String(error))
  if (text) assert.ok(error.message.includes(text), error.message)
}

async function until (condition) {
  for (let i = 0; i < 200; i++) {
    const value = await condition().catch(() => null)
    if (value) return value
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error('not in time')
}

async function namespaces () {
  assert.deepStrictEqual(await ow.namespaces.list(), [process.env.WOW_USER])
  const all = await ow.namespaces.get(process.env.WOW_USER)
  assert.deepStrictEqual(Object.keys(all).sort(), ['actions', 'packages', 'rules', 'triggers'])
}

async function actions () {
  const made = await ow.actions.create({ name: 'echo', action: zip, kind })
  assert.deepStrictEqual([made.name, made.version, made.exec.kind], ['echo', '0.0.1', kind])
  await fails(ow.actions.create({ name: 'echo', action: zip, kind }), 409, 'already exists')
  const changed = await ow.actions.update({
    name: 'echo', action: zip, kind, params: { a: 1 }, annotations: { note: 'x' }, limits: { timeout: 2000 }, version: '1.2.3'
  })
  assert.deepStrictEqual([changed.version, changed.limits.timeout], ['1.2.3', 2000])
  const kept = await ow.actions.update({ name: 'echo', params: { b: 2 } })
  assert.deepStrictEqual([kept.version, kept.parameters], ['1.2.4', [{ key: 'b', value: 2 }]])
  await ow.actions.create({ name: 'twice', sequence: ['/_/echo', '/_/echo'] })
  assert.strictEqual((await ow.actions.list()).length, 2)
  assert.deepStrictEqual(await ow.actions.list({ count: true }), { actions: 2 })
  assert.strictEqual((await ow.actions.list({ limit: 1, skip: 1 })).length, 1)
  assert.strictEqual(Buffer.from((await ow.actions.get('echo')).exec.code, 'base64').compare(zip), 0)
  assert.strictEqual((await ow.actions.get({ name: 'echo', code: false })).exec.code, undefined)
  assert.strictEqual((await ow.actions.get(['echo', 'twice'])).length, 2)
  await fails(ow.actions.get('nosuch'), 404, 'does not exist')
}

async function invocations () {
  const { activationId } = await ow.actions.invoke('echo')
  assert.match(activationId, /^[0-9a-f]{32}$/)
  const record = await ow.actions.invoke({ name: 'echo', params: { x: 1 }, blocking: true })
  assert.deepStrictEqual(record.response.result, { b: 2, x: 1 })
  const result = await ow.actions.invoke({ name: 'echo', params: { x: 1 }, blocking: true, result: true })
  assert.deepStrictEqual(result, { b: 2, x: 1 })
  assert.deepStrictEqual(await ow.actions.invoke({ name: 'twice', blocking: true, result: true }), { b: 2 })
  await fails(ow.actions.invoke({ name: 'echo', params: { error: 'no good' }, blocking: true }), 502, 'no good')
  await fails(ow.actions.invoke({ name: 'nosuch' }), 404)
  assert.strictEqual((await ow.actions.invoke(['echo', 'twice'])).length, 2)
}

async function activations () {
  const { activationId } = await ow.actions.invoke({ name: 'echo', params: { z: 1 } })
  const record = await until(() => ow.activations.get(activationId))
  assert.strictEqual(record.activationId, activationId)
  assert.deepStrictEqual((await ow.activations.result(activationId)).result, { b: 2, z: 1 })
  assert.deepStrictEqual(await ow.activations.logs({ name: activationId }), { logs: [] })
  const some = await ow.activations.list({ name: 'echo', limit: 2, docs: true, since: 1 })
  assert.ok(some.length === 2 && some[0].response && some[0].start >= some[1].start)
  const { activations } = await ow.activations.list({ count: true })
  assert.ok(activations >= 9, String(activations))
}

async function packages () {
  await ow.packages.create('pkg')
  await ow.packages.update({ name: 'pkg', package: { publish: true, parameters: [{ key: 'k', value: 'v' }] } })
  await ow.packages.create({ name: 'bnd', package: { binding: { namespace: process.env.WOW_USER, name: 'pkg' } } })
  await ow.actions.create({ name: 'pkg/echo', action: zip, kind })
  const shown = await ow.packages.get('bnd')
  assert.deepStrictEqual(shown.actions.map(a => a.name), ['echo'])
  assert.strictEqual((await ow.packages.list({ public: true })).length, 2)
  assert.deepStrictEqual(await ow.actions.invoke({ name: 'bnd/echo', blocking: true, result: true }), { k: 'v' })
  assert.deepStrictEqual(
    await ow.actions.invoke({ name: `/${process.env.WOW_USER}/pkg/echo`, blocking: true, result: true }), { k: 'v' })
  await fails(ow.packages.delete('pkg'), 409, 'Package not empty (contains 1 entity)')
  await ow.packages.delete('bnd')
  await ow.actions.delete('pkg/echo')
  await ow.packages.delete('pkg')
}

async function rules () {
  await ow.triggers.create({ name: 'tr', trigger: { parameters: [{ key: 'a', value: 1 }] } })
  await ow.triggers.update({ name: 'tr', trigger: { parameters: [{ key: 'a', value: 2 }] } })
  await ow.rules.create({ name: 'ru', action: 'echo', trigger: 'tr' })
  assert.strictEqual((await ow.rules.get('ru')).status, 'active')
  await ow.rules.disable({ name: 'ru' })
  assert.strictEqual((await ow.rules.get('ru')).status, 'inactive')
  await ow.rules.enable({ name: 'ru' })
  await ow.rules.update({ name: 'ru', action: 'echo', trigger: 'tr' })
  assert.strictEqual((await ow.rules.list()).length, 1)
  const { activationId } = await ow.triggers.invoke({ name: 'tr', params: { b: 7 } })
  const fired = await until(() => ow.activations.get(activationId))
  const { activationId: ran } = JSON.parse(fired.logs[0])
  const { response } = await until(() => ow.activations.get(ran))
  assert.deepStrictEqual([response.result.a, response.result.b], [2, 7])
  assert.strictEqual((await ow.triggers.get('tr')).rules[`${process.env.WOW_USER}/ru`].status, 'active')
  assert.strictEqual((await ow.triggers.list()).length, 1)
  await ow.rules.delete('ru')
}

async function feeds () {
  for (const call of ['create', 'get', 'update', 'delete']) {
    const reply = await ow.feeds[call]({ name: 'echo', trigger: 'tr', params: { cron: 'x' } })
    const sent = reply.response.result
    assert.strictEqual(sent.triggerName, '/_/tr')
    assert.strictEqual(sent.authKey, process.env.WOW_KEY)
    assert.strictEqual(sent.lifecycleEvent, { create: 'CREATE', get: 'READ', update: 'UPDATE', delete: 'DELETE' }[call])
  }
  await ow.triggers.delete('tr')
}

async function alarms () {
  await ow.triggers.create({ name: 'tick' })
  const feed = { name: '/whisk.system/alarms/alarm', trigger: 'tick' }
  await ow.feeds.create({ ...feed, params: { cron: '@daily', trigger_payload: { a: 1 } } })
  await ow.feeds.update({ ...feed, params: { cron: '0 1 * * *', timezone: 'Europe/Berlin' } })
  const { config, status } = (await ow.feeds.get(feed)).response.result
  assert.deepStrictEqual([config.cron, config.timezone, status.active], ['0 1 * * *', 'Europe/Berlin', true])
  assert.deepStrictEqual(config.payload, { a: 1 })
  await ow.feeds.delete(feed)
  await assert.rejects(ow.feeds.get(feed), /could not find trigger/)
  await ow.triggers.delete('tick')
}

async function wrongKey () {
  const other = openwhisk({ apihost: process.env.WOW_API, api_key: process.env.WOW_KEY.slice(0, -1) + '_' })
  await fails(other.actions.list(), 401, 'The supplied authentication is invalid')
}

async function end () {
  await ow.actions.delete('twice')
  await ow.actions.delete({ name: 'echo' })
  assert.deepStrictEqual(await ow.actions.list(), [])
}

async function main () {
  const parts = [namespaces, actions, invocations, activations, packages, rules, feeds, alarms, wrongKey, end]
  for (const part of parts) {
    await part()
    console.log(part.name)
  }
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})

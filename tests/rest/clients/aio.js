// Adobe's client of OpenWhisk, "@adobe/aio-lib-runtime": deploys a package, runs what is in it,
// prints logs, and takes it down again.
const assert = require('node:assert')
const fs = require('node:fs')
const runtime = require('@adobe/aio-lib-runtime')

const zip = fs.readFileSync(process.env.WOW_ZIP)
const entities = () => ({
  pkgAndDeps: [{ name: 'proj', package: { parameters: [{ key: 'p', value: 1 }] } }],
  actions: [
    { name: 'proj/echo', action: zip, kind: 'wasm:0.1', annotations: { 'web-export': true } },
    { name: 'proj/twice', action: '', exec: { kind: 'sequence', components: ['proj/echo', 'proj/echo'] } }
  ],
  apis: [],
  triggers: [{ name: 'tick', trigger: { parameters: [{ key: 'n', value: 5 }] } }],
  rules: [{ name: 'onTick', trigger: 'tick', action: 'proj/echo' }]
})

async function main () {
  const ns = process.env.WOW_USER
  const ow = await runtime.init({
    apihost: process.env.WOW_API, api_key: process.env.WOW_KEY, namespace: ns, apiversion: 'v1'
  })
  const said = []
  for (let i = 0; i < 2; i++) await runtime.utils.deployPackage(entities(), ow, text => said.push(text))
  assert.strictEqual(said.filter(text => text.includes('Deployment completed')).length, 2)
  console.log('deployed')

  const result = await ow.actions.invoke({ name: 'proj/twice', params: { a: 1 }, blocking: true, result: true })
  assert.deepStrictEqual(result, { p: 1, a: 1 })
  const reply = await fetch(`${process.env.WOW_API}/api/v1/web/${ns}/proj/echo.json?x=y`)
  assert.strictEqual((await reply.json()).x, 'y')
  const { activationId } = await ow.triggers.invoke({ name: 'tick' })
  assert.match(activationId, /^[0-9a-f]{32}$/)
  console.log('invoked')

  const lines = []
  await runtime.utils.printFilteredActionLogs(ow, text => lines.push(text), 10, ['proj/echo'])
  console.log('logged')

  await runtime.utils.undeployPackage(entities(), ow, text => said.push(text))
  assert.deepStrictEqual(await ow.actions.list(), [])
  assert.deepStrictEqual(await ow.rules.list(), [])
  console.log('undeployed')
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})

// OpenWhisk's action proxy as its Node.js runtime has it: POST /init evaluates the code and takes
// its main, POST /run calls that with the arguments; the sentinels follow on stdout and stderr.
'use strict';
const http = require('http');
const vm = require('vm');

const SENTINEL = 'XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX';
let main;

function init(body) {
    if (main) return [403, { error: 'Cannot initialize the action more than once.' }];
    const { code, main: name, env } = body.value;
    Object.assign(process.env, env);
    globalThis.require = require;
    main = vm.runInThisContext(`(() => { ${code}\nreturn ${name}; })()`);
    return [200, { ok: true }];
}

async function run(body) {
    if (!main) return [403, { error: 'System not initialized.' }];
    for (const key of Object.keys(body))
        if (typeof body[key] === 'string') process.env['__OW_' + key.toUpperCase()] = body[key];
    try {
        return [200, await main(body.value || {})];
    } catch (fault) {
        console.error(fault);
        return [502, { error: 'An error has occurred: ' + fault }];
    } finally {
        process.stdout.write(SENTINEL + '\n');
        process.stderr.write(SENTINEL + '\n');
    }
}

const routes = { '/init': init, '/run': run };

const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', async () => {
        let status = 404;
        let answer = {};
        try {
            const route = routes[request.url];
            if (route) [status, answer] = await route(JSON.parse(Buffer.concat(parts)));
        } catch (fault) {
            [status, answer] = [502, { error: String(fault) }];
        }
        const text = JSON.stringify(answer);
        response.writeHead(status, {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(text),
        });
        response.end(text);
    });
});
server.keepAliveTimeout = 0;
server.listen(8080, '0.0.0.0', 511);

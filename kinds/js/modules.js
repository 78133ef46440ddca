// require and import: Node.js's few modules that make sense here, and the files of the action.
(function (natives, hooks) {
    'use strict';
    const ROOT = '/action/';

    // ---- path ----

    function normalize(path) {
        const rooted = path.startsWith('/'), out = [];
        for (const part of path.split('/'))
            if (part === '..' && out.length && out.at(-1) !== '..')
                out.pop();
            else if (part === '..' ? !rooted : part && part !== '.')
                out.push(part);
        return (rooted ? '/' : '') + out.join('/') || '.';
    }
    const dirname = (p) => p.replace(/\/*$/, '').replace(/\/?[^/]*$/, '') || (p.startsWith('/') ? '/' : '.');
    const basename = (p, end = '') => {
        const name = p.replace(/\/*$/, '').replace(/^.*\//s, '');
        return end && name !== end && name.endsWith(end) ? name.slice(0, -end.length) : name;
    };
    const extname = (p) => /[^.](\.[^.]*)$/.exec(basename(p))?.[1] ?? '';
    const join = (...parts) => normalize(parts.filter(Boolean).join('/') || '.');
    const resolvePath = (...parts) => parts.reduce((a, b) => (b.startsWith('/') ? normalize(b) : join(a, b)), '/action');
    const path = {
        normalize, dirname, basename, extname, join, resolve: resolvePath, sep: '/', delimiter: ':',
        isAbsolute: (p) => p.startsWith('/'),
        parse: (p) => ({ root: p.startsWith('/') ? '/' : '', dir: dirname(p), base: basename(p), ext: extname(p), name: basename(p, extname(p)) }),
        format: (o) => join(o.dir || o.root || '', o.base || (o.name || '') + (o.ext || '')),
        relative(a, b) {
            const x = resolvePath(a).split('/').filter(Boolean), y = resolvePath(b).split('/').filter(Boolean);
            while (x.length && y.length && x[0] === y[0])
                x.shift(), y.shift();
            return [...x.map(() => '..'), ...y].join('/');
        },
    };
    path.posix = path;

    // ---- events, util, fs and the rest ----

    class EventEmitter {
        #all = new Map();
        on(name, f) { this.#all.set(name, [...(this.#all.get(name) || []), f]); return this; }
        once(name, f) {
            const one = (...args) => { this.off(name, one); f.apply(this, args); };
            one.listener = f;
            return this.on(name, one);
        }
        off(name, f) {
            this.#all.set(name, (this.#all.get(name) || []).filter((g) => g !== f && g.listener !== f));
            return this;
        }
        emit(name, ...args) {
            const all = this.#all.get(name) || [];
            if (name === 'error' && all.length === 0)
                throw args[0];
            all.forEach((f) => f.apply(this, args));
            return all.length > 0;
        }
        listenerCount(name) { return (this.#all.get(name) || []).length; }
        removeAllListeners(name) { name === undefined ? this.#all.clear() : this.#all.delete(name); return this; }
    }
    EventEmitter.prototype.addListener = EventEmitter.prototype.on;
    EventEmitter.prototype.removeListener = EventEmitter.prototype.off;
    EventEmitter.EventEmitter = EventEmitter;

    const promisify = (f) => (...args) => new Promise((yes, no) => f(...args, (e, v) => (e ? no(e) : yes(v))));
    const util = {
        inspect: (value, options) => hooks.inspect(value, options), format: hooks.format, promisify,
        inherits: (a, b) => Object.setPrototypeOf(a.prototype, b.prototype),
        isDeepStrictEqual: (a, b) => hooks.inspect(a, { depth: null }) === hooks.inspect(b, { depth: null }),
        types: { isPromise: (x) => x instanceof Promise, isDate: (x) => x instanceof Date, isRegExp: (x) => x instanceof RegExp },
        TextEncoder, TextDecoder,
    };

    function missing(name, what = 'open') {
        return Object.assign(new Error(`ENOENT: no such file or directory, ${what} '${name}'`),
            { errno: -2, code: 'ENOENT', syscall: what, path: name });
    }
    function readFileSync(name, options) {
        const bytes = hooks.source.bytes(resolvePath(String(name)).slice(ROOT.length));
        if (!bytes)
            throw missing(name);
        const encoding = typeof options === 'string' ? options : options?.encoding;
        return encoding ? Buffer.from(bytes).toString(encoding) : Buffer.from(bytes);
    }
    const known = (name) => hooks.source.names().filter((f) => (ROOT + f).startsWith(resolvePath(String(name)).replace(/\/?$/, '/')));
    const fs = {
        readFileSync,
        existsSync: (name) => hooks.source.has(resolvePath(String(name)).slice(ROOT.length)) || known(name).length > 0,
        readdirSync(name) {
            const at = resolvePath(String(name)).replace(/\/?$/, '/').length - ROOT.length;
            if (known(name).length === 0)
                throw missing(name, 'scandir');
            return [...new Set(known(name).map((f) => f.slice(at).split('/')[0]))].sort();
        },
        readFile: (name, ...rest) => fs.promises.readFile(name, ...rest.slice(0, -1)).then((v) => rest.at(-1)(null, v), rest.at(-1)),
        promises: { readFile: async (name, options) => readFileSync(name, options) },
    };

    function assert(ok, message) {
        if (!ok)
            throw message instanceof Error ? message : Object.assign(new Error(message || 'The expression evaluated to a falsy value'), { name: 'AssertionError', code: 'ERR_ASSERTION' });
    }
    const same = (a, b, m) => assert(Object.is(a, b), m || `${util.inspect(a)} !== ${util.inspect(b)}`);
    Object.assign(assert, {
        ok: assert, equal: (a, b, m) => assert(a == b, m || `${util.inspect(a)} == ${util.inspect(b)}`), strictEqual: same,
        deepEqual: (a, b, m) => assert(util.isDeepStrictEqual(a, b), m), deepStrictEqual: (a, b, m) => assert(util.isDeepStrictEqual(a, b), m),
    });

    const builtins = {
        path, fs, util, events: EventEmitter, assert, process,
        'fs/promises': fs.promises,
        buffer: { Buffer, atob, btoa },
        url: { URL, URLSearchParams, fileURLToPath: (u) => new URL(u).pathname },
        querystring: {
            parse: (text) => Object.fromEntries(new URLSearchParams(text)),
            stringify: (o) => new URLSearchParams(o).toString(), escape: encodeURIComponent, unescape: decodeURIComponent,
        },
        timers: { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate },
        'timers/promises': { setTimeout: (ms, value) => new Promise((yes) => setTimeout(yes, ms, value)) },
        perf_hooks: { performance },
        crypto: hooks.crypto,
    };

    // ---- where a module is ----

    const ENDS = ['', '.js', '.json', '.cjs', '.mjs', '/index.js', '/index.json', '/index.mjs'];

    function file(name) { // a path in the action, without "/action/"
        const s = hooks.source, at = normalize(name).replace(/^\/|^\.$/, '');
        if (at && s.has(at))
            return at;
        const pack = join(at, 'package.json');
        if (s.has(pack)) {
            const { main } = JSON.parse(natives.decode(s.bytes(pack)));
            const found = typeof main === 'string' && ENDS.map((end) => join(at, main) + end).find(s.has);
            if (found)
                return found;
        }
        return ENDS.map((end) => (at + end).replace(/^\//, '')).find((n) => n && s.has(n));
    }

    function resolve(from, what) {
        const plain = what.replace(/^node:/, '');
        let found;
        if (Object.hasOwn(builtins, plain))
            return 'node:' + plain;
        if (/^\.{0,2}\//.test(what) || what === '.' || what === '..') {
            found = file(what.startsWith(ROOT) ? what.slice(ROOT.length) : what.startsWith('/') ? what : join(dirname(from), what));
        } else {
            for (let dir = dirname(from); found === undefined; dir = dirname(dir)) {
                found = file(join(dir, 'node_modules', what));
                if (dir === '.')
                    break;
            }
        }
        if (found === undefined)
            throw Object.assign(new Error(`Cannot find module '${what}'\nRequire stack:\n- ${ROOT}${from}`), { code: 'MODULE_NOT_FOUND' });
        return found;
    }

    // ---- what is in it ----

    const loaded = new Map(); // by name: {exports} or {promise, namespace}

    function requireFrom(from) {
        const require = (what) => load(resolve(from, String(what)));
        require.resolve = (what) => resolve(from, what).replace(/^(?!node:)/, ROOT);
        require.main = undefined;
        require.cache = {};
        return require;
    }

    function load(name) {
        if (name.startsWith('node:'))
            return builtins[name.slice(5)];
        const before = loaded.get(name);
        if (before)
            return before.namespace ?? before.exports;
        const module = { exports: {}, id: name, filename: ROOT + name, loaded: false, children: [], paths: [] };
        loaded.set(name, module);
        try {
            run(name, module);
        } catch (error) {
            loaded.delete(name);
            throw error;
        }
        module.loaded = true;
        return module.namespace ?? module.exports;
    }

    function run(name, module) {
        const source = hooks.source;
        if (name.endsWith('.json')) {
            module.exports = JSON.parse(natives.decode(source.bytes(name)));
            return;
        }
        const [type, code] = source.code(name);
        const value = natives.evaluate(code);
        if (type === 'esm') {
            [module.promise, module.namespace] = value;
            return;
        }
        const require = requireFrom(name);
        module.require = require;
        module.main = value.call(module.exports, module.exports, require, module, ROOT + name, (ROOT + dirname(name)).replace(/\/\.?$/, ''));
    }

    hooks.resolve = resolve;
    hooks.required = load;
    hooks.load = (name) => {
        if (name.startsWith('node:') || name.endsWith('.json') || loaded.has(name))
            return undefined;
        const [type, code] = hooks.source.code(name);
        return type === 'esm' ? code : undefined;
    };
    hooks.file = file;
    hooks.enter = (name) => { load(name); return loaded.get(name); };
    globalThis.require = requireFrom('index.js');
})

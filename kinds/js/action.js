// The action: its code once at its init, its function for each activation, its end.
(function (natives, hooks) {
    'use strict';
    const PREPARED = 0, WRONG = 1;
    const MAIN = /^[\w$]+(\.[\w$]+)*$/;
    const HEAD = '(function (exports, require, module, __filename, __dirname) {\n\n'; // lines -1 and 0

    // ---- from source to bytecode ----

    // A single file's function may be in a variable of its own, in the exports, or global.
    const tail = (main) => `\ntry { return ${main} } catch (e) {
        if (e.name !== 'ReferenceError') throw e; return undefined } })`;

    function compile(name, text, main) {
        const says = /\b(import|export)\b/.test(text);
        if (name.endsWith('.mjs'))
            return ['esm', natives.compile(text, name, true, 1)];
        try {
            return ['cjs', natives.compile(HEAD + text.replace(/^#!/, '//') + (main ? tail(main) : '\n})'), name, false, -1)];
        } catch (error) {
            if (says && !name.endsWith('.cjs'))
                return ['esm', natives.compile(text, name, true, 1)];
            natives.compile(text, name, false, 1); // which says it better, without what we have put around
            throw error;
        }
    }

    // Files as they were sent; what is compiled is kept.
    class Sent {
        #files;
        made = new Map();
        constructor(files, single) {
            this.#files = new Map(files);
            this.single = single; // the name of its function; undefined: the files are modules
            this.has = (name) => this.#files.has(name);
        }
        bytes(name) { return this.#files.get(name); }
        names() { return [...this.#files.keys()]; }
        code(name) {
            if (!this.made.has(name))
                this.made.set(name, compile(name, natives.decode(this.bytes(name)), this.single));
            return this.made.get(name);
        }
        // All of it as bytes: how long the index is, the index, code and files.
        packed(plan) {
            const index = {}, parts = [];
            let at = 0;
            for (const name of this.names()) {
                if (/\.[cm]?js$/.test(name))
                    try { this.code(name); } catch { /* it may be for something else, and not be used */ }
                const [type, bytes] = this.made.get(name) || ['file', this.bytes(name)];
                index[name] = [type, at, bytes.byteLength];
                parts.push(bytes);
                at += bytes.byteLength;
            }
            const head = natives.pack({ ...plan, index }), all = new Uint8Array(4 + head.byteLength + at);
            new DataView(all.buffer).setUint32(0, head.byteLength, true);
            let to = 4;
            for (const bytes of [head, ...parts]) {
                all.set(new Uint8Array(bytes), to);
                to += bytes.byteLength;
            }
            return all;
        }
    }

    // The same, read as it is needed.
    class Kept {
        #index;
        #from;
        constructor(index, from) {
            this.#index = index;
            this.#from = from;
            this.has = (name) => Object.hasOwn(index, name);
        }
        names() { return Object.keys(this.#index); }
        bytes(name) {
            const [, at, n] = this.#index[name] || [];
            return n === undefined ? undefined : natives.data(this.#from + at, n);
        }
        code(name) {
            const [type] = this.#index[name];
            return type === 'file' ? compile(name, natives.decode(this.bytes(name))) : [type, this.bytes(name)];
        }
    }

    function open(binary) {
        if (!binary)
            return natives.data();
        return natives.fromBase64(natives.decode(natives.data()), true);
    }

    // Which file to begin with, and the name of the function in it.
    function plan(sent, main) {
        if (!MAIN.test(main))
            throw new Error(`Name of main function is not valid: '${main}'`);
        if (sent.single)
            return { entry: 'index.js', main };
        const [first, ...rest] = main.split('.');
        const entry = rest.length ? hooks.file(first) : hooks.file('.');
        if (rest.length && !entry)
            throw new Error(`Cannot find module './${first}', which the name of the main function '${main}' begins with`);
        if (!entry)
            throw new Error('Zipped actions must contain either package.json or index.js at the root.');
        return { entry, main: rest.length ? rest.join('.') : main };
    }

    // The action's function; a promise of it when a module awaits something.
    function enter({ entry, main }) {
        const module = hooks.enter(entry);
        const look = (object) => main.split('.').reduce((o, name) => o?.[name], object);
        const found = () => {
            const all = module.namespace ?? module.exports;
            const f = [module.main, look(all), main === 'main' ? all.default : undefined, look(all.default), look(globalThis)]
                .find((x) => typeof x === 'function');
            if (!f)
                throw new Error(`Action entrypoint '${main}' is not a function.`);
            return f;
        };
        return module.promise ? module.promise.then(found) : found();
    }

    // ---- init ----

    function wrong(error) {
        const where = error instanceof Error && /[^\s(]+:\d+:\d+/.exec(hooks.stack(error).split('\n')[0]);
        natives.finish(WRONG, String(error).split('\n')[0].replace(/\.$/, '') + (where ? ` (${where[0]})` : ''));
    }

    hooks.prepare = (args, main) => {
        phase = wrong;
        hooks.begin();
        const { binary } = JSON.parse(args);
        let files = [['index.js', open(binary)]];
        if (binary) {
            const list = natives.unzip(files[0][1]);
            files = list.flatMap((name, i) => (i % 2 ? [] : [[name, list[i + 1]]]));
        }
        const sent = hooks.source = new Sent(files, binary ? undefined : main);
        const chosen = plan(sent, main);
        const done = () => natives.finish(PREPARED, sent.packed(chosen));
        const f = enter(chosen);
        typeof f === 'function' ? done() : f.then(done).catch(wrong);
    };

    // ---- activations ----

    const uncaught = new Map(); // promises that were rejected
    let phase = fault;          // what becomes of an exception that nobody catches

    const answer = (kind, json) => natives.finish(PREPARED, `{"${kind}":${json}}`);

    const isFull = (error) => error instanceof InternalError && error.message === 'out of memory';

    function fault(error) {
        if (isFull(error)) {
            answer('Fault', '"The action exhausted its memory and was aborted."');
            return;
        }
        console.error(error);
        answer('Fault', JSON.stringify('An error has occurred: ' + (error instanceof Error ? String(error) : hooks.format(error))));
    }

    // An error as it can be sent.
    function plain(error) {
        if (error === undefined || error === null)
            return {};
        if (!(error instanceof Error))
            return error;
        console.error(error);
        return { name: error.name, message: error.message, stack: hooks.describe(error), ...error };
    }

    function finish(value) {
        let json;
        try {
            json = JSON.stringify(value === undefined ? {} : value);
        } catch (error) {
            fault(error);
            return;
        }
        if (json === undefined || json[0] !== '{' && json[0] !== '[')
            console.error(`Result must be of type object but has type "${typeof value}":`, value);
        answer('Ok', json ?? 'null');
    }

    function call(f, args) {
        let value;
        try {
            value = f(args);
        } catch (error) {
            fault(error);
            return;
        }
        if (value instanceof Promise || typeof value?.then === 'function')
            Promise.resolve(value).then(finish, (error) => (isFull(error) ? fault(error) : finish({ error: plain(error) })));
        else
            finish(value);
    }

    hooks.run = (args) => {
        phase = fault;
        hooks.begin();
        const n = new DataView(natives.data(0, 4)).getUint32(0, true);
        const { entry, main, index } = natives.unpack(natives.data(4, n));
        hooks.source = new Kept(index, 4 + n);
        const f = enter({ entry, main });
        if (typeof f === 'function')
            call(f, args);
        else
            f.then((g) => call(g, args)).catch(fault);
    };

    hooks.failed = (error) => phase(error);
    hooks.stuck = () => phase(new Error('the promise that the action returned can never be settled: nothing is left to wait for'));
    hooks.rejected = (promise, reason, handled) => {
        if (handled)
            uncaught.delete(promise);
        else
            uncaught.set(promise, reason);
    };
    hooks.end = () => {
        for (const reason of uncaught.values())
            console.error('Uncaught (in promise)', reason);
    };
})

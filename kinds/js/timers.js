// Timers, and what of the process there is.
(function (natives, hooks) {
    'use strict';
    let last = 0, waiting = []; // by time, then in the order they came

    class Timeout {
        constructor(f, args, ms, again) {
            Object.assign(this, { id: ++last, f, args, ms: ms >= 1 ? Math.min(ms, 2147483647) : 1, again });
        }
        ref() { return this; }
        unref() { return this; }
        hasRef() { return true; }
        [Symbol.toPrimitive]() { return this.id; }
    }

    function put(timer, ms) {
        timer.at = natives.now() + ms;
        let i = waiting.length;
        while (i > 0 && waiting[i - 1].at > timer.at)
            i--;
        waiting.splice(i, 0, timer);
        return timer;
    }

    function clear(timer) {
        const id = Number(timer);
        waiting = waiting.filter((t) => t.id !== id);
    }

    function set(f, ms, args, again) {
        if (typeof f !== 'function')
            throw new TypeError('The "callback" argument must be of type function');
        const timer = new Timeout(f, args, ms, again);
        return put(timer, timer.ms);
    }

    globalThis.setTimeout = (f, ms, ...args) => set(f, ms, args, false);
    globalThis.setInterval = (f, ms, ...args) => set(f, ms, args, true);
    globalThis.setImmediate = (f, ...args) => put(new Timeout(f, args, 1, false), 0);
    globalThis.clearTimeout = globalThis.clearInterval = globalThis.clearImmediate = clear;
    globalThis.queueMicrotask = (f) => { Promise.resolve().then(f); };

    // In how many milliseconds the next is due; NaN when there is none.
    hooks.next = () => (waiting.length ? Math.max(waiting[0].at - natives.now(), 0) : NaN);
    hooks.fire = () => {
        const timer = waiting.shift();
        if (timer.again)
            put(timer, timer.ms);
        timer.f(...timer.args);
    };

    const start = { at: 0 };
    globalThis.performance = { now: () => natives.now() - start.at, timeOrigin: 0, mark() {}, measure() {} };
    hooks.begin = () => {
        start.at = natives.now();
        performance.timeOrigin = Date.now();
    };

    let environment; // asked for when it is first wanted
    const write = (fd) => ({ write: (text) => { natives.print(fd, String(text)); return true; }, isTTY: false });
    const hrtime = (since) => {
        const ns = Math.round(natives.now() * 1e6), s = Math.floor(ns / 1e9);
        return since ? [s - since[0] - (ns % 1e9 < since[1]), (ns % 1e9 - since[1] + 1e9) % 1e9] : [s, ns % 1e9];
    };
    hrtime.bigint = () => BigInt(Math.round(natives.now() * 1e6));
    globalThis.process = {
        get env() { return environment ??= natives.environment(); },
        argv: ['wow', 'action'], pid: 1, platform: 'wasi', arch: 'wasm32', exitCode: undefined,
        version: 'v20.0.0', versions: { node: '20.0.0', quickjs: natives.version, wow: '0.1' },
        cwd: () => '/action', uptime: () => performance.now() / 1e3, hrtime,
        nextTick: (f, ...args) => { Promise.resolve().then(() => f(...args)); },
        memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0 }),
        stdout: write(1), stderr: write(2), on() { return process; }, once() { return process; },
        emitWarning: (text) => console.warn(String(text)),
        exit(code = 0) { throw new Error(`process.exit(${code}) was called`); },
    };
    globalThis.global = globalThis;
    Math.random = natives.random;
})

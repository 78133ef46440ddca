// fetch and what belongs to it. The host makes one request at a time, while the activation sleeps.
(function (natives, hooks) {
    'use strict';
    const REDIRECTS = 20;
    const ENDS = ['OK', 'REFUSED', 'INVALID', 'RESOLVE', 'CONNECT', 'TLS', 'TIMEOUT', 'TOO_LARGE', 'TOO_MANY', 'BROKEN', 'UNAVAILABLE'];
    const NAME = /^[!#$%&'*+\-.^_`|~\w]+$/;

    class Headers {
        #all = new Map(); // by the name in lower case
        constructor(from) {
            const pairs = from instanceof Headers || Array.isArray(from) ? from : Object.entries(from ?? {});
            for (const [name, value] of pairs)
                this.append(name, value);
        }
        static #check(name) {
            if (!NAME.test(name))
                throw new TypeError(`Invalid header name '${name}'`);
            return String(name).toLowerCase();
        }
        append(name, value) {
            const key = Headers.#check(name), text = String(value).trim();
            if (/[\0\r\n]/.test(text))
                throw new TypeError(`Invalid value of the header '${name}'`);
            this.#all.set(key, [...(this.#all.get(key) ?? []), text]);
        }
        set(name, value) { this.delete(name); this.append(name, value); }
        delete(name) { this.#all.delete(Headers.#check(name)); }
        has(name) { return this.#all.has(Headers.#check(name)); }
        get(name) { return this.#all.get(Headers.#check(name))?.join(', ') ?? null; }
        getSetCookie() { return this.#all.get('set-cookie') ?? []; }
        *entries() {
            for (const name of [...this.#all.keys()].sort())
                yield [name, this.get(name)];
        }
        *keys() { for (const [name] of this.entries()) yield name; }
        *values() { for (const [, value] of this.entries()) yield value; }
        forEach(f, self) { for (const [name, value] of this.entries()) f.call(self, value, name, this); }
        [Symbol.iterator]() { return this.entries(); }
    }

    class AbortSignal {
        aborted = false;
        reason = undefined;
        onabort = null;
        #listeners = [];
        static timeout(ms) { return Object.assign(new AbortSignal(), { ms }); }
        static abort(reason) { const c = new AbortController(); c.abort(reason); return c.signal; }
        addEventListener(type, f) { if (type === 'abort') this.#listeners.push(f); }
        removeEventListener(type, f) { this.#listeners = this.#listeners.filter((g) => g !== f); }
        throwIfAborted() { if (this.aborted) throw this.reason; }
        fire(reason) {
            if (this.aborted)
                return;
            this.aborted = true;
            this.reason = reason ?? Object.assign(new Error('This operation was aborted'), { name: 'AbortError' });
            for (const f of [this.onabort, ...this.#listeners])
                f?.call(this, { type: 'abort', target: this });
        }
    }

    class AbortController {
        signal = new AbortSignal();
        abort(reason) { this.signal.fire(reason); }
    }

    // A body as bytes, and what it is.
    function bytesOf(body) {
        if (body === undefined || body === null)
            return [undefined, null];
        if (body instanceof URLSearchParams)
            return [natives.encode(String(body)), 'application/x-www-form-urlencoded;charset=UTF-8'];
        if (body instanceof ArrayBuffer || ArrayBuffer.isView(body))
            return [body, null];
        return [natives.encode(String(body)), 'text/plain;charset=UTF-8'];
    }

    class Body {
        #bytes;
        bodyUsed = false;
        constructor(bytes) { this.#bytes = bytes ?? new ArrayBuffer(0); }
        get raw() { return this.#bytes; }
        #take() {
            if (this.bodyUsed)
                throw new TypeError('Body is unusable: it has already been read');
            this.bodyUsed = true;
            return this.#bytes;
        }
        async arrayBuffer() { const b = this.#take(); return b instanceof ArrayBuffer ? b : new Uint8Array(b).slice().buffer; }
        async bytes() { return new Uint8Array(await this.arrayBuffer()); }
        async text() { return natives.decode(this.#take()); }
        async json() { return JSON.parse(natives.decode(this.#take())); }
    }

    class Request extends Body {
        constructor(input, init = {}) {
            const from = input instanceof Request ? input : {};
            const [bytes, type] = init.body === undefined ? [from.raw, null] : bytesOf(init.body);
            super(bytes);
            this.url = from.url ?? new URL(String(input)).href;
            this.method = String(init.method ?? from.method ?? 'GET').toUpperCase();
            this.headers = new Headers(init.headers ?? from.headers);
            this.redirect = init.redirect ?? from.redirect ?? 'follow';
            this.signal = init.signal ?? from.signal;
            this.sent = bytes;
            if (type && !this.headers.has('content-type'))
                this.headers.set('content-type', type);
            if (bytes !== undefined && (this.method === 'GET' || this.method === 'HEAD'))
                throw new TypeError(`A request with method ${this.method} has no body`);
        }
    }

    class Response extends Body {
        constructor(body, { status = 200, statusText = '', headers } = {}) {
            const [bytes, type] = bytesOf(body);
            super(bytes);
            Object.assign(this, { status, statusText, headers: new Headers(headers), url: '', type: 'default', redirected: false });
            if (type && !this.headers.has('content-type'))
                this.headers.set('content-type', type);
        }
        get ok() { return this.status >= 200 && this.status < 300; }
        clone() { return Object.assign(new Response(this.raw, this), { url: this.url }); }
        static json(value, init) {
            const made = new Response(JSON.stringify(value), init);
            made.headers.set('content-type', 'application/json');
            return made;
        }
    }

    async function fetch(input, init) {
        const q = new Request(input, init);
        q.signal?.throwIfAborted();
        const sent = [...q.headers].map(([name, value]) => `${name}: ${value}\n`).join('');
        const [end, status, headers, body, text] = natives.request(q.method, q.url.replace(/#.*$/s, ''), sent, q.sent,
            q.signal?.ms ?? 0, q.redirect === 'follow' ? REDIRECTS : 0);
        if (end !== 0) {
            const cause = Object.assign(new Error(natives.decode(text)), { code: ENDS[end] });
            if (end === ENDS.indexOf('TIMEOUT') && q.signal?.ms)
                throw Object.assign(new Error('The operation was aborted due to timeout', { cause }), { name: 'TimeoutError' });
            throw new TypeError('fetch failed: ' + cause.message, { cause });
        }
        if (q.redirect === 'error' && status >= 300 && status < 400)
            throw new TypeError('fetch failed: unexpected redirect');
        const lines = natives.decode(headers).split('\n').filter((line) => line.includes(':'));
        const got = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]);
        return Object.assign(new Response(body, { status, headers: got }), { url: q.url });
    }

    Object.assign(globalThis, { fetch, Headers, Request, Response, AbortController, AbortSignal });
})

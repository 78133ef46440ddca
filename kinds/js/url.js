// URL and URLSearchParams, for the schemes that actions meet.
(function (natives, hooks) {
    'use strict';
    const PORTS = { 'http:': '80', 'https:': '443', 'ftp:': '21', 'ws:': '80', 'wss:': '443' };
    const PARTS = /^([A-Za-z][A-Za-z0-9+.-]*:)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s;
    const escape = (text, safe) => text.replace(safe, (c) => {
        try { return encodeURIComponent(c); } catch { return '%EF%BF%BD'; }
    });
    const decode = (text) => {
        const bytes = text.replace(/\+/g, ' ').split(/((?:%[0-9A-Fa-f]{2})+)/);
        return bytes.map((t, i) => (i % 2 ? natives.decode(hooks.toBytes(t.replace(/%/g, ''), 'hex')) : t)).join('');
    };
    const encode = (text) => encodeURIComponent(text.toWellFormed()).replace(/%20/g, '+')
        .replace(/[!'()~]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());

    class URLSearchParams {
        #list = [];
        #changed = () => {};
        constructor(from = '', changed) {
            if (changed)
                this.#changed = changed;
            if (typeof from === 'object' && from !== null) {
                const pairs = from[Symbol.iterator] ? from : Object.entries(from);
                for (const [k, v] of pairs)
                    this.#list.push([String(k), String(v)]);
            } else {
                for (const pair of String(from).replace(/^\?/, '').split('&').filter(Boolean)) {
                    const is = pair.indexOf('=');
                    this.#list.push(is < 0 ? [decode(pair), ''] : [decode(pair.slice(0, is)), decode(pair.slice(is + 1))]);
                }
            }
        }
        get size() { return this.#list.length; }
        append(k, v) { this.#list.push([String(k), String(v)]); this.#changed(); }
        delete(k) { this.#list = this.#list.filter(([name]) => name !== String(k)); this.#changed(); }
        get(k) { return this.#list.find(([name]) => name === String(k))?.[1] ?? null; }
        getAll(k) { return this.#list.filter(([name]) => name === String(k)).map(([, v]) => v); }
        has(k) { return this.#list.some(([name]) => name === String(k)); }
        set(k, v) {
            const at = this.#list.findIndex(([name]) => name === String(k));
            if (at < 0)
                return this.append(k, v);
            this.#list = this.#list.filter(([name], i) => i <= at || name !== String(k));
            this.#list[at] = [String(k), String(v)];
            this.#changed();
        }
        sort() { this.#list.sort(([a], [b]) => (a < b ? -1 : a > b)); this.#changed(); }
        forEach(f, self) { for (const [k, v] of this.#list) f.call(self, v, k, this); }
        *entries() { yield* this.#list.map((pair) => [...pair]); }
        *keys() { for (const [k] of this.#list) yield k; }
        *values() { for (const [, v] of this.#list) yield v; }
        [Symbol.iterator]() { return this.entries(); }
        toString() { return this.#list.map(([k, v]) => encode(k) + '=' + encode(v)).join('&'); }
    }

    // "a/./b/../c" is "a/c".
    function straight(path) {
        const out = [], parts = path.split('/');
        parts.forEach((part, i) => {
            const last = i === parts.length - 1;
            if (part === '..') {
                if (out.length > 1)
                    out.pop();
                if (last)
                    out.push('');
            } else if (part !== '.') {
                out.push(part);
            } else if (last) {
                out.push('');
            }
        });
        return out.join('/');
    }

    class URL {
        #params;
        constructor(text, base) {
            const invalid = () => Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: String(text) });
            let [, scheme, host, path, query = '', hash = ''] = PARTS.exec(String(text).trim());
            const from = !scheme && base !== undefined ? new URL(base) : null;
            if (!scheme && !from)
                throw invalid();
            this.protocol = (scheme || from.protocol).toLowerCase();
            const special = this.protocol in PORTS || this.protocol === 'file:';
            if (scheme && special && host === undefined) { // "http:a": as "http://a"
                [, host, path] = /^\/*([^/]*)(.*)$/s.exec(path);
            }
            if (host === undefined && from) {
                Object.assign(this, { username: from.username, password: from.password, hostname: from.hostname, port: from.port });
                if (path === '') {
                    path = from.pathname;
                    query ||= from.search;
                } else if (!path.startsWith('/')) {
                    path = from.pathname.replace(/[^/]*$/, '') + path;
                }
            } else {
                const [, login, name, port = ''] = /^(?:(.*)@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?$/s.exec(host || '') || [];
                if (name === undefined || (special && !name && this.protocol !== 'file:') || /[\s<>^|%\\]/.test(name) || port > 65535)
                    throw invalid();
                const [user = '', password = ''] = login === undefined ? [] : /^([^:]*):?(.*)$/s.exec(login).slice(1);
                Object.assign(this, { username: user, password, hostname: special ? name.toLowerCase() : name,
                    port: port === PORTS[this.protocol] ? '' : port });
            }
            this.pathname = escape(special ? straight(path.replace(/\\/g, '/') || '/') : path, /[^!-~]|["<>`{}]/gu);
            this.hash = hash.length > 1 ? escape(hash, /[^!-~]|["<>`]/gu) : '';
            this.search = query;
            this.#params = new URLSearchParams(this.search, () => { this.search = this.#params.toString(); });
            Object.defineProperty(this, 'slashes', { value: special || host !== undefined, enumerable: false });
        }
        #search = '';
        get search() { return this.#search; }
        set search(text) {
            text = String(text).replace(/^\?/, '');
            this.#search = text ? '?' + escape(text, /[^!-~]|["<>']/gu) : '';
        }
        get searchParams() { return this.#params; }
        get host() { return this.hostname + (this.port ? ':' + this.port : ''); }
        get origin() { return this.protocol in PORTS ? `${this.protocol}//${this.host}` : 'null'; }
        get href() {
            const login = this.username || this.password
                ? this.username + (this.password ? ':' + this.password : '') + '@' : '';
            return this.protocol + (this.slashes ? '//' + login + this.host : '') + this.pathname + this.search + this.hash;
        }
        toString() { return this.href; }
        toJSON() { return this.href; }
        static canParse(text, base) { try { return !!new URL(text, base); } catch { return false; } }
    }
    Object.assign(globalThis, { URL, URLSearchParams });
})

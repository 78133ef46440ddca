// Text and bytes: TextEncoder, base64, Buffer, chance.
(function (natives, hooks) {
    'use strict';
    const HEX = '0123456789abcdef';

    globalThis.TextEncoder = class TextEncoder {
        get encoding() { return 'utf-8'; }
        encode(text = '') { return new Uint8Array(natives.encode(String(text))); }
        encodeInto(text, to) {
            let read = 0, written = 0;
            for (const c of String(text)) {
                const bytes = this.encode(c);
                if (written + bytes.length > to.length)
                    break;
                to.set(bytes, written);
                read += c.length;
                written += bytes.length;
            }
            return { read, written };
        }
    };

    globalThis.TextDecoder = class TextDecoder {
        constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
            const name = String(label).toLowerCase();
            this.encoding = { 'utf8': 'utf-8', 'utf-8': 'utf-8', 'latin1': 'windows-1252', 'ascii': 'windows-1252' }[name];
            if (!this.encoding)
                throw new RangeError(`The "${label}" encoding is not supported`);
            Object.assign(this, { fatal, ignoreBOM });
        }
        decode(bytes = new Uint8Array()) {
            if (this.encoding !== 'utf-8')
                return natives.latin1(bytes);
            const text = natives.decode(bytes);
            if (this.fatal && text.includes('\ufffd'))
                throw new TypeError('The encoded data was not valid for encoding utf-8');
            return !this.ignoreBOM && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
        }
    };

    globalThis.atob = (text) => natives.latin1(natives.fromBase64(String(text), true));
    globalThis.btoa = (text) => natives.toBase64(narrow(String(text), (c) => {
        throw new RangeError(`Invalid character: code ${c} does not fit a byte`);
    }));

    function narrow(text, wide) {
        const bytes = new Uint8Array(text.length);
        for (let i = 0; i < text.length; i++) {
            const c = text.charCodeAt(i);
            bytes[i] = c > 255 && wide ? wide(c) : c;
        }
        return bytes;
    }

    function fromHex(text) {
        const bytes = new Uint8Array(text.length >> 1);
        for (let i = 0; i < bytes.length; i++) {
            const n = parseInt(text.substr(2 * i, 2), 16);
            if (Number.isNaN(n))
                return bytes.subarray(0, i);
            bytes[i] = n;
        }
        return bytes;
    }

    function toHex(bytes) {
        let text = '';
        for (const b of bytes)
            text += HEX[b >> 4] + HEX[b & 15];
        return text;
    }

    function toBytes(text, encoding = 'utf8') {
        switch (String(encoding).toLowerCase()) {
        case 'utf8': case 'utf-8': return new Uint8Array(natives.encode(text));
        case 'hex': return fromHex(text);
        case 'base64': case 'base64url': return new Uint8Array(natives.fromBase64(text, false));
        case 'latin1': case 'binary': case 'ascii': return narrow(text);
        case 'utf16le': case 'ucs2': return new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer);
        default: throw new TypeError(`Unknown encoding: ${encoding}`);
        }
    }

    function toText(bytes, encoding = 'utf8') {
        switch (String(encoding).toLowerCase()) {
        case 'utf8': case 'utf-8': return natives.decode(bytes);
        case 'hex': return toHex(bytes);
        case 'base64': return natives.toBase64(bytes);
        case 'base64url': return natives.toBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
        case 'latin1': case 'binary': case 'ascii': return natives.latin1(bytes);
        case 'utf16le': case 'ucs2': return String.fromCharCode(...new Uint16Array(Uint8Array.from(bytes).buffer));
        default: throw new TypeError(`Unknown encoding: ${encoding}`);
        }
    }

    const wrap = (b) => new Buffer(b.buffer, b.byteOffset, b.byteLength);
    class Buffer extends Uint8Array {
        static from(value, a, b) {
            if (typeof value === 'string')
                return wrap(toBytes(value, a));
            if (value instanceof ArrayBuffer)
                return new Buffer(value, a, b);
            if (value && value.type === 'Buffer' && Array.isArray(value.data))
                value = value.data;
            return wrap(Uint8Array.from(value));
        }
        static alloc(n, value = 0, encoding) { return new Buffer(n).fill(value, encoding); }
        static allocUnsafe(n) { return new Buffer(n); }
        static isBuffer(b) { return b instanceof Buffer; }
        static isEncoding(e) { try { toBytes('', e); return true; } catch { return false; } }
        static byteLength(value, encoding) {
            return typeof value === 'string' ? toBytes(value, encoding).length : value.byteLength;
        }
        static concat(list, n = list.reduce((sum, b) => sum + b.length, 0)) {
            const all = Buffer.alloc(n);
            let at = 0;
            for (const b of list) {
                all.set(b.subarray(0, Math.max(n - at, 0)), at);
                at += b.length;
            }
            return all;
        }
        static compare(a, b) { return a.compare(b); }
        toString(encoding, from = 0, to = this.length) { return toText(this.subarray(from, to), encoding); }
        toJSON() { return { type: 'Buffer', data: Array.from(this) }; }
        equals(other) { return this.compare(other) === 0; }
        compare(other) {
            for (let i = 0; i < Math.min(this.length, other.length); i++)
                if (this[i] !== other[i])
                    return this[i] < other[i] ? -1 : 1;
            return Math.sign(this.length - other.length);
        }
        copy(to, at = 0, from = 0, end = this.length) {
            const part = this.subarray(from, Math.min(end, from + to.length - at));
            to.set(part, at);
            return part.length;
        }
        slice(from, to) { return this.subarray(from, to); }
        write(text, at = 0, n, encoding) {
            return wrap(toBytes(text, typeof n === 'string' ? n : encoding)).copy(this, at);
        }
        fill(value, encoding) {
            if (typeof value !== 'string')
                return super.fill(value);
            const bytes = toBytes(value, typeof encoding === 'string' ? encoding : 'utf8');
            for (let i = 0; i < this.length; i++)
                this[i] = bytes[i % bytes.length];
            return this;
        }
        indexOf(value, from, encoding) {
            return typeof value === 'number' ? super.indexOf(value, from)
                : toText(this, 'latin1').indexOf(toText(typeof value === 'string' ? toBytes(value, encoding) : value, 'latin1'), from);
        }
        includes(value, from) { return this.indexOf(value, from) >= 0; }
    }
    for (const [name, size, type] of [['UInt8', 1, 'Uint8'], ['Int8', 1, 'Int8'], ['UInt16', 2, 'Uint16'],
        ['Int16', 2, 'Int16'], ['UInt32', 4, 'Uint32'], ['Int32', 4, 'Int32'], ['Float', 4, 'Float32'], ['Double', 8, 'Float64']])
        for (const end of size > 1 ? ['LE', 'BE'] : ['']) {
            const view = (b) => new DataView(b.buffer, b.byteOffset, b.byteLength);
            Buffer.prototype[`read${name}${end}`] = function (at = 0) { return view(this)[`get${type}`](at, end === 'LE'); };
            Buffer.prototype[`write${name}${end}`] = function (value, at = 0) {
                view(this)[`set${type}`](at, value, end === 'LE');
                return at + size;
            };
        }
    globalThis.Buffer = Buffer;

    function uuid() {
        const b = new Uint8Array(16);
        natives.fill(b);
        b[6] = b[6] & 15 | 64;
        b[8] = b[8] & 63 | 128;
        return toHex(b).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    }

    globalThis.crypto = {
        getRandomValues(to) {
            if (!ArrayBuffer.isView(to) || to instanceof Float32Array || to instanceof Float64Array)
                throw new TypeError('The data argument must be an integer-type TypedArray');
            natives.fill(to);
            return to;
        },
        randomUUID: uuid,
    };
    // require('crypto'), as far as it goes.
    const names = { sha1: 'sha1', 'sha-1': 'sha1', sha256: 'sha256', 'sha-256': 'sha256' };
    const digest = (name, bytes) => wrap(new Uint8Array(natives.hash(name, bytes)));
    const bytesOf = (data, encoding) => (typeof data === 'string' ? toBytes(data, encoding) : Buffer.from(data.buffer ?? data, data.byteOffset, data.byteLength));
    class Hash {
        #name;
        #parts = [];
        #last;
        constructor(name, last = digest) {
            this.#name = names[String(name).toLowerCase()];
            this.#last = last;
            if (!this.#name)
                throw new Error(`Digest method not supported: ${name}; there are sha1 and sha256`);
        }
        update(data, encoding) { this.#parts.push(bytesOf(data, encoding)); return this; }
        digest(encoding) {
            const bytes = this.#last(this.#name, Buffer.concat(this.#parts));
            return encoding ? bytes.toString(encoding) : bytes;
        }
    }
    hooks.crypto = {
        ...globalThis.crypto, webcrypto: globalThis.crypto,
        randomBytes(n) { const b = Buffer.alloc(n); natives.fill(b); return b; },
        randomInt(from, to) { return to === undefined ? Math.floor(natives.random() * from) : from + Math.floor(natives.random() * (to - from)); },
        createHash: (name) => new Hash(name),
        createHmac: (name, key) => new Hash(name, (known, data) => {
            let k = bytesOf(key);
            if (k.length > 64)
                k = digest(known, k);
            const pad = (x) => Uint8Array.from({ length: 64 }, (_, i) => (k[i] ?? 0) ^ x);
            return digest(known, Buffer.concat([pad(0x5c), digest(known, Buffer.concat([pad(0x36), data]))]));
        }),
        timingSafeEqual(a, b) {
            if (a.length !== b.length)
                throw new RangeError('Input buffers must have the same byte length');
            let other = 0;
            for (let i = 0; i < a.length; i++)
                other |= a[i] ^ b[i];
            return other === 0;
        },
    };
    globalThis.structuredClone = (value) => natives.unpack(natives.pack(value));
    hooks.toBytes = toBytes;
})

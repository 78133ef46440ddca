// console, and how values look in it: as in Node.js, as far as people read it.
(function (natives, hooks) {
    'use strict';
    const LINE = 72;
    const KEY = /^[A-Za-z_$][\w$]*$/;

    function quote(text) {
        return text.includes("'") && !text.includes('"') ? JSON.stringify(text)
            : "'" + JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'") + "'";
    }

    // Where it happened; frames of wow's own are nobody's business.
    function stack(error) {
        return String(error.stack || '').split('\n')
            .filter((line) => line && !line.includes('(wow:') && !line.includes('(native)')).join('\n');
    }

    function describe(error) {
        const text = String(error), where = stack(error);
        return where.startsWith(text) ? where : where ? text + '\n' + where : text;
    }

    function primitive(value, top) {
        switch (typeof value) {
        case 'string': return top ? value : quote(value);
        case 'bigint': return value + 'n';
        case 'number': return Object.is(value, -0) ? '-0' : String(value);
        case 'symbol': return value.toString();
        default: return String(value);
        }
    }

    function heading(value) {
        const proto = Object.getPrototypeOf(value);
        if (proto === null)
            return '[Object: null prototype] ';
        const name = proto.constructor && proto.constructor.name;
        return name && name !== 'Object' && name !== 'Array' ? name + ' ' : '';
    }

    function join(head, open, parts, close, indent) {
        if (parts.length === 0)
            return head + open + close;
        const flat = head + open + ' ' + parts.join(', ') + ' ' + close;
        if (flat.length + indent.length <= LINE && !flat.includes('\n'))
            return flat;
        return head + open + '\n' + parts.map((p) => indent + '  ' + p).join(',\n') + '\n' + indent + close;
    }

    function members(value, show) {
        return Object.keys(value).map((key) => {
            const d = Object.getOwnPropertyDescriptor(value, key);
            const shown = d.get ? (d.set ? '[Getter/Setter]' : '[Getter]') : show(d.value);
            return (KEY.test(key) ? key : quote(key)) + ': ' + shown;
        });
    }

    function special(value) {
        if (value instanceof Error)
            return describe(value);
        if (value instanceof Date)
            return isNaN(value) ? 'Invalid Date' : value.toISOString();
        if (value instanceof RegExp)
            return String(value);
        if (typeof value === 'function') {
            const what = /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'Function';
            return value.name ? `[${what}: ${value.name}]` : `[${what} (anonymous)]`;
        }
        if (value instanceof Promise)
            return 'Promise { … }';
        return null;
    }

    function inspect(value, options, top) {
        const depth = options && options.depth !== undefined ? options.depth ?? Infinity : 2;
        const above = [];

        function show(v, level, indent) {
            if (v === null || (typeof v !== 'object' && typeof v !== 'function'))
                return primitive(v, top && level === 0);
            if (above.includes(v))
                return '[Circular *1]';
            const short = special(v);
            if (short !== null && Object.keys(v).length === 0)
                return short;
            if (level > depth)
                return Array.isArray(v) ? '[Array]' : `[${heading(v).trim() || 'Object'}]`;
            above.push(v);
            const text = body(v, short, level, indent);
            above.pop();
            return text;
        }

        function body(v, short, level, indent) {
            const inner = (x) => show(x, level + 1, indent + '  ');
            if (short !== null)
                return join(short + ' ', '{', members(v, inner), '}', indent);
            if (Array.isArray(v) || ArrayBuffer.isView(v)) {
                const items = Array.from(v.length > 100 ? v.slice(0, 100) : v, inner);
                if (v.length > 100)
                    items.push(`... ${v.length - 100} more items`);
                return join(Array.isArray(v) ? '' : `${heading(v).trim()}(${v.length}) `, '[', items, ']', indent);
            }
            if (v instanceof Map)
                return join(`Map(${v.size}) `, '{', Array.from(v, ([k, x]) => inner(k) + ' => ' + inner(x)), '}', indent);
            if (v instanceof Set)
                return join(`Set(${v.size}) `, '{', Array.from(v, inner), '}', indent);
            return join(heading(v), '{', members(v, inner), '}', indent);
        }

        return show(value, 0, '');
    }

    function format(...values) {
        let first = '';
        if (typeof values[0] === 'string') {
            first = values.shift().replace(/%[sdifjoOc%]/g, (what) => {
                if (what === '%%')
                    return '%';
                if (values.length === 0)
                    return what;
                const v = values.shift();
                switch (what) {
                case '%s': return typeof v === 'object' && v !== null ? inspect(v, { depth: 0 }) : String(v);
                case '%d': return typeof v === 'object' ? 'NaN' : String(Number(v));
                case '%i': return String(parseInt(v, 10));
                case '%f': return String(parseFloat(v));
                case '%j': return JSON.stringify(v);
                case '%c': return '';
                default: return inspect(v, { depth: 4 });
                }
            });
            if (values.length === 0)
                return first;
            first += ' ';
        }
        return first + values.map((v) => inspect(v, undefined, true)).join(' ');
    }

    const counts = new Map(), times = new Map();
    let groups = '';

    function print(fd, values) {
        const text = groups + format(...values).replaceAll('\n', '\n' + groups);
        natives.print(fd, text + '\n');
    }

    const out = (...values) => print(1, values), err = (...values) => print(2, values);
    globalThis.console = {
        log: out, info: out, debug: out, error: err, warn: err,
        trace: (...values) => err('Trace: ' + format(...values) + '\n' + stack(new Error())),
        dir: (value, options) => out(inspect(value, options)),
        table: (value) => out(value),
        assert: (ok, ...values) => ok || err('Assertion failed' + (values.length ? ':' : ''), ...values),
        group(...values) { if (values.length) out(...values); groups += '  '; },
        groupEnd() { groups = groups.slice(2); },
        count(label = 'default') {
            counts.set(label, (counts.get(label) || 0) + 1);
            out(`${label}: ${counts.get(label)}`);
        },
        countReset: (label = 'default') => counts.delete(label),
        time: (label = 'default') => times.set(label, natives.now()),
        timeLog: (label = 'default', ...more) => out(`${label}: ${(natives.now() - times.get(label)).toFixed(3)}ms`, ...more),
        timeEnd(label = 'default') { console.timeLog(label); times.delete(label); },
    };
    hooks.describe = describe;
    hooks.stack = stack;
    hooks.inspect = inspect;
    hooks.format = format;
})

// examples/hash: BLAKE2b-256 (RFC 7693), applied again and again to its own result. JavaScript has
// no fast 64-bit integers: a word is two of 32 bits, low half first.
const INITIAL = new Int32Array(new Uint32Array([
    0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a,
    0xade682d1, 0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19,
]));
const ORDER = new Uint8Array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ]
        .flat()
        .map((word) => word * 2)
);
const v = new Int32Array(32);
const word = new Int32Array(32);
const block = new Uint8Array(word.buffer);
const state = new Int32Array(16);

function mix(a, b, c, d, x, y) {
    let al = v[a];
    let ah = v[a + 1];
    let bl = v[b];
    let bh = v[b + 1];
    let cl = v[c];
    let ch = v[c + 1];
    let sum = (al >>> 0) + (bl >>> 0) + (word[x] >>> 0);
    ah = (ah + bh + word[x + 1] + ((sum / 0x100000000) | 0)) | 0;
    al = sum | 0;
    let dl = v[d + 1] ^ ah;
    let dh = v[d] ^ al;
    sum = (cl >>> 0) + (dl >>> 0);
    ch = (ch + dh + ((sum / 0x100000000) | 0)) | 0;
    cl = sum | 0;
    let xl = bl ^ cl;
    let xh = bh ^ ch;
    bl = (xl >>> 24) | (xh << 8);
    bh = (xh >>> 24) | (xl << 8);
    sum = (al >>> 0) + (bl >>> 0) + (word[y] >>> 0);
    ah = (ah + bh + word[y + 1] + ((sum / 0x100000000) | 0)) | 0;
    al = sum | 0;
    xl = dl ^ al;
    xh = dh ^ ah;
    dl = (xl >>> 16) | (xh << 16);
    dh = (xh >>> 16) | (xl << 16);
    sum = (cl >>> 0) + (dl >>> 0);
    ch = (ch + dh + ((sum / 0x100000000) | 0)) | 0;
    cl = sum | 0;
    xl = bl ^ cl;
    xh = bh ^ ch;
    v[a] = al;
    v[a + 1] = ah;
    v[b] = (xh >>> 31) | (xl << 1);
    v[b + 1] = (xl >>> 31) | (xh << 1);
    v[c] = cl;
    v[c + 1] = ch;
    v[d] = dl;
    v[d + 1] = dh;
}

function compress(bytes, last) {
    v.set(state);
    v.set(INITIAL, 16);
    v[24] ^= bytes;
    if (last) {
        v[28] ^= 0xffffffff;
        v[29] ^= 0xffffffff;
    }
    for (let s = 0; s < 192; s += 16) {
        mix(0, 8, 16, 24, ORDER[s], ORDER[s + 1]);
        mix(2, 10, 18, 26, ORDER[s + 2], ORDER[s + 3]);
        mix(4, 12, 20, 28, ORDER[s + 4], ORDER[s + 5]);
        mix(6, 14, 22, 30, ORDER[s + 6], ORDER[s + 7]);
        mix(0, 10, 20, 30, ORDER[s + 8], ORDER[s + 9]);
        mix(2, 12, 22, 24, ORDER[s + 10], ORDER[s + 11]);
        mix(4, 14, 16, 26, ORDER[s + 12], ORDER[s + 13]);
        mix(6, 8, 18, 28, ORDER[s + 14], ORDER[s + 15]);
    }
    for (let i = 0; i < 16; i++) state[i] ^= v[i] ^ v[i + 16];
}

// The words are in the order of the machine, as x86 and ARM have them. The digest is in the state.
function blake2b(data) {
    const size = data.length;
    let at = 0;
    block.fill(0);
    block.set(data.subarray(0, 128));
    state.set(INITIAL);
    state[0] ^= 0x01010000 | 32;
    while (size - at > 128) {
        at += 128;
        compress(at, false);
        block.fill(0);
        block.set(data.subarray(at, at + 128));
    }
    compress(size, true);
}

function main(args) {
    const digest = new Uint8Array(state.buffer, 0, 32);
    blake2b(Buffer.from(args.text));
    for (let i = 1; i < args.iterations; i++) blake2b(digest);
    return { hash: Buffer.from(digest).toString('hex'), iterations: args.iterations };
}

// examples/prime: the nth prime by a segmented sieve of odd numbers
const SEGMENT = 1 << 18;
const ROOT = 46341;

function smallPrimes() {
    const composite = new Uint8Array(ROOT / 2 + 1);
    const small = [];
    for (let i = 3; i < ROOT; i += 2) {
        if (composite[i >> 1]) continue;
        small.push(i);
        for (let multiple = i * i; multiple < ROOT; multiple += 2 * i) composite[multiple >> 1] = 1;
    }
    return Uint32Array.from(small);
}

function nthPrime(n) {
    const small = smallPrimes();
    const next = new Uint32Array(small.length);
    const composite = new Uint8Array(SEGMENT);
    let seen = 1;
    if (n === 1) return 2;
    for (let low = 1; ; low += 2 * SEGMENT) {
        composite.fill(0);
        for (let p = 0; p < small.length; p++) {
            const square = small[p] * small[p];
            if (square >= low + 2 * SEGMENT) break;
            let at = square >= low ? (square - low) / 2 : next[p];
            for (; at < SEGMENT; at += small[p]) composite[at] = 1;
            next[p] = at - SEGMENT;
        }
        if (low === 1) composite[0] = 1;
        for (let i = 0; i < SEGMENT; i++) if (!composite[i] && ++seen === n) return low + 2 * i;
    }
}

function main(args) {
    return { n: args.n, prime: nthPrime(args.n) };
}

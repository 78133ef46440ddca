// examples/block
function main(args) {
    const from = Date.now();
    return new Promise((done) =>
        setTimeout(() => done({ from, until: Date.now() }), args.ms === undefined ? 300 : args.ms)
    );
}

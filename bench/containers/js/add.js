// examples/add
function main(args) {
    return { result: args.a + args.b };
}

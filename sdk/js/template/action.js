// Greets whoever it is told of: {"name": "wasm"} gives {"greeting": "Hello, wasm!"}.
function main(params) {
    const name = params.name ?? 'stranger';

    console.log('greeting', name);
    return { greeting: `Hello, ${name}!` };
}

// examples/filesys
const fs = require('fs');

function main(args) {
    const path = `${args.directory}/${args.name}`;
    if (args.text) fs.writeFileSync(path, args.text);
    const files = fs.readdirSync(args.directory).filter((name) => name[0] !== '.');
    return { read: fs.readFileSync(path, 'utf8'), files: files.sort() };
}

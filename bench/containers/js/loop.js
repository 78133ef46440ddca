// bench/guests/loop: never ends
function main() {
    for (;;);
}

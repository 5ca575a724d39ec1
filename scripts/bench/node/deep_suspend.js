// A chain of a hundred awaits that is resumed at its end again and again.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

async function chain(depth, turns) {
    if (depth) return await chain(depth - 1, turns);
    for (let i = 0; i < turns; i++) await null;
    return turns;
}

async function main() {
    return await chain(100, n);
}

function check(turns) {
    assert.strictEqual(turns, n);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`deep_suspend ${seconds.toFixed(6)} s`);
}

run();

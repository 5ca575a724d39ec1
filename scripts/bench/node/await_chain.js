// A chain of a hundred awaits, none of which has to wait.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

const DEPTH = 100;

async function calls(depth) {
    return depth ? 1 + (await calls(depth - 1)) : 0;
}

async function main() {
    let total = 0;
    for (let i = 0; i < n; i++) total += await calls(DEPTH);
    return total;
}

function check(total) {
    assert.strictEqual(total, n * DEPTH);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`await_chain ${seconds.toFixed(6)} s`);
}

run();

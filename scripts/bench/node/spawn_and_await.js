// One async function at a time, awaited at once.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

async function job(i) {
    return i + 1;
}

async function main() {
    let value = 0;
    for (let i = 0; i < n; i++) value = await job(value);
    return value;
}

function check(value) {
    assert.strictEqual(value, n);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`spawn_and_await ${seconds.toFixed(6)} s`);
}

run();

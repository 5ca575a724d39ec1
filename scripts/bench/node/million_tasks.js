// Async functions that do nothing, all in one `Promise.all`.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

async function job() {}

async function main() {
    const promises = [];
    for (let i = 0; i < n; i++) promises.push(job());
    return (await Promise.all(promises)).length;
}

function check(done) {
    assert.strictEqual(done, n);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`million_tasks ${seconds.toFixed(6)} s`);
}

run();

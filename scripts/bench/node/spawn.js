// Promises of async functions, a thousand at a time, awaited one after the other.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

async function job(i) {
    return i;
}

async function main() {
    let total = 0;
    for (let left = n; left > 0; left -= 1000) {
        const promises = [];
        for (let i = 0; i < Math.min(left, 1000); i++) promises.push(job(i));
        for (const promise of promises) total += await promise;
    }
    return total;
}

function check(total) {
    const rest = n % 1000;
    assert.strictEqual(total, Math.floor(n / 1000) * 499500 + (rest * (rest - 1)) / 2);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`spawn ${seconds.toFixed(6)} s`);
}

run();

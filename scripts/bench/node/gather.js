// `Promise.all` of async functions, few and many at a time, nested.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

const sum = (numbers) => numbers.reduce((total, x) => total + x, 0);

async function job(i) {
    return i;
}

async function pair(i) {
    return sum(await Promise.all([job(i), job(-i), job(1)]));
}

const upTo = (count, make) => Array.from({ length: count }, (_, i) => make(i));

async function main() {
    let total = 0;
    for (let round = 0; round < n; round++) {
        total += sum(await Promise.all(upTo(40, job)));
        total += sum(await Promise.all(upTo(10, pair)));
    }
    return total;
}

function check(total) {
    assert.strictEqual(total, n * (780 + 10));
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`gather ${seconds.toFixed(6)} s`);
}

run();

// Callbacks without promises: each schedules the next with `setImmediate`, and some are taken back.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

const CHAINS = 20;
let called = 0;
let cancelled = 0;

function never() {
    throw new Error("this callback was cancelled");
}

function main() {
    return new Promise((resolve) => {
        const step = (chain, left) => {
            called++;
            if (left % 4 === 0) {
                clearImmediate(setImmediate(never));
                cancelled++;
            }
            if (left) setImmediate(step, chain, left - 1);
            else if (chain === CHAINS - 1) resolve();
        };
        for (let chain = 0; chain < CHAINS; chain++) setImmediate(step, chain, n - 1);
    });
}

function check() {
    assert.strictEqual(called, CHAINS * n);
    assert.strictEqual(cancelled, CHAINS * Math.ceil(n / 4));
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`call_soon ${seconds.toFixed(6)} s`);
}

run();

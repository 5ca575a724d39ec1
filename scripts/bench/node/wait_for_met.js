// `Promise.race` with a timer, of something that comes in time.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

async function soon(i) {
    await null;
    return i;
}

async function waitFor(promise, seconds) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(reject, seconds * 1000, new Error("late"));
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
    }
}

async function main() {
    let total = 0;
    for (let i = 0; i < n; i++) total += await waitFor(soon(i), 10);
    return total;
}

function check(total) {
    assert.strictEqual(total, (n * (n - 1)) / 2);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`wait_for_met ${seconds.toFixed(6)} s`);
}

run();

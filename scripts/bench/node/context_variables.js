// AsyncLocalStorage: a value of its own for each of many chains of promises.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

const { AsyncLocalStorage } = require("node:async_hooks");
const TASKS = 100;
const request = new AsyncLocalStorage();
const depth = new AsyncLocalStorage();

async function inner(expected) {
    await null;
    return request.getStore() === expected && depth.getStore() === 1;
}

async function handle(i) {
    let right = 0;
    for (let turn = 0; turn < 5; turn++) right += await depth.run(1, inner, i);
    return right;
}

async function main() {
    let right = 0;
    for (let round = 0; round < n; round++) {
        const handled = [];
        for (let i = 0; i < TASKS; i++) handled.push(request.run(i, handle, i));
        for (const each of await Promise.all(handled)) right += each;
    }
    for (let i = 0; i < n * TASKS; i++) right += depth.run(0, () => depth.getStore());
    return right;
}

function check(right) {
    assert.strictEqual(right, n * TASKS * 5);
    assert.strictEqual(request.getStore(), undefined);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`context_variables ${seconds.toFixed(6)} s`);
}

run();

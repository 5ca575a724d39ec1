// Many timers at once, and timers taken back.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

const { setTimeout: sleep } = require("node:timers/promises");

async function main() {
    const slept = await Promise.all(Array.from({ length: n }, (_, i) => sleep(1, i)));
    for (let i = 0; i < n; i++) clearTimeout(setTimeout(() => slept.pop(), 100000 + i));
    const order = [];
    for (let i = 0; i < Math.floor(n / 10); i++) setTimeout(() => order.push(i), 1);
    await sleep(2);
    return [slept, order];
}

function check([slept, order]) {
    assert(slept.length === n && slept.every((value, i) => value === i));
    assert.strictEqual(order.length, Math.floor(n / 10));
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`timers ${seconds.toFixed(6)} s`);
}

run();

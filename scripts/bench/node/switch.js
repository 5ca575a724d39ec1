// A hundred async functions that each give way again and again, in the cheapest way: `await null`.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

const TASKS = 100;
const order = [];

async function spin(me) {
    for (let i = 0; i < n; i++) await null;
    order.push(me);
}

async function main() {
    const promises = [];
    for (let i = 0; i < TASKS; i++) promises.push(spin(i));
    await Promise.all(promises);
}

function check() {
    assert.deepStrictEqual(order, Array.from({ length: TASKS }, (_, i) => i));
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`switch ${seconds.toFixed(6)} s`);
}

run();

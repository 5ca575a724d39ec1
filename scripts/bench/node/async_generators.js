// Asynchronous generators: a pipeline, a list of what one gives, and one that gives way.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

async function* numbers(count) {
    for (let i = 0; i < count; i++) yield i;
}

async function* evens(source) {
    for await (const x of source) if (x % 2 === 0) yield x;
}

async function* patient(count) {
    for (let i = 0; i < count; i++) {
        await null;
        yield i;
    }
}

async function main() {
    let total = 0;
    for await (const x of evens(numbers(n))) total += x;
    const squares = [];
    for await (const x of numbers(Math.floor(n / 2))) if (x & 1) squares.push(x * x);
    let last;
    for await (last of patient(Math.floor(n / 10) + 1));
    return [total, squares.length, last];
}

function check([total, squares, last]) {
    const half = Math.ceil(n / 2);
    assert.strictEqual(total, half * (half - 1));
    assert.strictEqual(squares, Math.floor(n / 4));
    assert.strictEqual(last, Math.floor(n / 10));
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`async_generators ${seconds.toFixed(6)} s`);
}

run();

// Promises with callbacks, several on each.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

const results = [];
const note = (value) => results.push(value);

async function main() {
    for (let i = 0; i < n; i++) {
        const { promise, resolve } = withResolvers();
        promise.then(note);
        promise.then(note);
        resolve(i);
        if (i % 100 === 0) await null;
    }
    await null;
}

function withResolvers() {
    let resolve;
    const promise = new Promise((given) => {
        resolve = given;
    });
    return { promise, resolve };
}

function check() {
    assert.strictEqual(results.length, 2 * n);
    assert(results.every((value, i) => value === i >> 1));
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`future_callbacks ${seconds.toFixed(6)} s`);
}

run();

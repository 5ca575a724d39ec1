// Errors that cross promises: awaited through a chain, settled, and the first of several.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

class Refused extends Error {
    constructor(value) {
        super("refused");
        this.value = value;
    }
}

async function fail(i) {
    await null;
    throw new Refused(i);
}

async function through(depth, i) {
    try {
        if (depth) return await through(depth - 1, i);
        return await fail(i);
    } finally {
    }
}

async function group(i) {
    const never = new Promise(() => {});
    await Promise.all([never, fail(i)]);
}

async function main() {
    let awaited = 0;
    let gathered = 0;
    let grouped = 0;
    for (let i = 0; i < n; i++) {
        try {
            await through(5, i);
        } catch (error) {
            awaited += error.value;
        }
        const results = await Promise.allSettled([fail(i), null]);
        gathered += results[0].reason instanceof Refused && results[1].value === null;
        try {
            await group(i);
        } catch (error) {
            grouped += error.value;
        }
    }
    return { awaited, gathered, grouped };
}

function check(result) {
    const total = (n * (n - 1)) / 2;
    assert.deepStrictEqual(result, { awaited: total, gathered: n, grouped: total });
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`task_exceptions ${seconds.toFixed(6)} s`);
}

run();

// `Promise.race` with a timer, of something that never comes, many at once; an AbortController ends the waiting.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

let aborted = 0;

function wait(signal) {
    return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
            aborted++;
            reject(signal.reason);
        }, { once: true });
    });
}

async function hope() {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error("late")), 1);
    try {
        await wait(controller.signal);
    } catch {
        return 1;
    } finally {
        clearTimeout(timer);
    }
    return 0;
}

async function main() {
    const expired = await Promise.all(Array.from({ length: n }, hope));
    return expired.reduce((total, x) => total + x, 0);
}

function check(expired) {
    assert.strictEqual(expired, n);
    assert.strictEqual(aborted, n);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`wait_for_expired ${seconds.toFixed(6)} s`);
}

run();

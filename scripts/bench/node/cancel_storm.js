// Storms of aborts: timers and waits that are all aborted at once, a third of them with work to clean up.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

const { setTimeout: sleep } = require("node:timers/promises");
const AT_ONCE = 600;
let cleaned = 0;

async function tidy(signal) {
    try {
        await sleep(1e6, undefined, { signal });
    } finally {
        await null;
        cleaned++;
    }
}

function waiting(signal) {
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

async function storm() {
    const tasks = [];
    for (let i = 0; i < AT_ONCE; i++) {
        const controller = new AbortController();
        const signal = controller.signal;
        const promise = i % 3 === 0 ? sleep(1e6, undefined, { signal }) : i % 3 === 1 ? waiting(signal) : tidy(signal);
        tasks.push({ controller, promise });
    }
    await null;
    for (const { controller } of tasks) controller.abort();
    const results = await Promise.allSettled(tasks.map(({ promise }) => promise));
    return results.filter((result) => result.status === "rejected" && result.reason.name === "AbortError").length;
}

async function main() {
    let cancelled = 0;
    for (let i = 0; i < n; i++) cancelled += await storm();
    return cancelled;
}

function check(cancelled) {
    assert.strictEqual(cancelled, n * AT_ONCE);
    assert.strictEqual(cleaned * 3, cancelled);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`cancel_storm ${seconds.toFixed(6)} s`);
}

run();

// A hundred async functions that all want one lock.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

class Lock {
    constructor(free) {
        this.free = free;
        this.waiting = [];
        this.first = 0;
    }

    async acquire() {
        if (this.free > 0) this.free--;
        else await new Promise((resolve) => this.waiting.push(resolve));
    }

    release() {
        if (this.first === this.waiting.length) {
            this.free++;
            return;
        }
        this.waiting[this.first++]();
        if (this.first === 1024) {
            this.waiting.splice(0, this.first);
            this.first = 0;
        }
    }
}

const TASKS = 100;
let counter = 0;

async function user(lock) {
    for (let i = 0; i < n; i++) {
        await lock.acquire();
        try {
            const before = counter;
            await null;
            counter = before + 1;
        } finally {
            lock.release();
        }
    }
}

async function main() {
    const lock = new Lock(1);
    await Promise.all(Array.from({ length: TASKS }, () => user(lock)));
}

function check() {
    assert.strictEqual(counter, n * TASKS);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`lock ${seconds.toFixed(6)} s`);
}

run();

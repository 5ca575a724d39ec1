// A hundred async functions, ten of which may go in at once.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

class Semaphore {
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
const AT_ONCE = 10;
const room = { now: 0, most: 0, visits: 0 };

async function visit() {
    room.now++;
    room.visits++;
    room.most = Math.max(room.most, room.now);
    await null;
    room.now--;
}

async function guest(semaphore) {
    for (let i = 0; i < n; i++) {
        await semaphore.acquire();
        try {
            await visit();
        } finally {
            semaphore.release();
        }
    }
}

async function main() {
    const semaphore = new Semaphore(AT_ONCE);
    await Promise.all(Array.from({ length: TASKS }, () => guest(semaphore)));
}

function check() {
    assert.deepStrictEqual(room, { now: 0, most: AT_ONCE, visits: n * TASKS });
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`semaphore ${seconds.toFixed(6)} s`);
}

run();

// Asynchronous iterators written as classes, and something opened and closed around each turn.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

class Countdown {
    constructor(count) {
        this.count = count;
    }

    [Symbol.asyncIterator]() {
        return this;
    }

    async next() {
        if (this.count === 0) return { value: undefined, done: true };
        return { value: --this.count, done: false };
    }
}

class Session {
    static opened = 0;
    static closed = 0;

    async open() {
        Session.opened++;
        return this;
    }

    async close() {
        Session.closed++;
    }
}

async function main() {
    let total = 0;
    for await (const x of new Countdown(n)) total += x;
    for (let i = 0; i < n; i++) {
        const session = await new Session().open();
        try {
            total++;
        } finally {
            await session.close();
        }
    }
    const reader = new Countdown(Math.floor(n / 2))[Symbol.asyncIterator]();
    while (!(await reader.next()).done) total++;
    return total;
}

function check(total) {
    assert.strictEqual(total, (n * (n - 1)) / 2 + n + Math.floor(n / 2));
    assert.strictEqual(Session.opened, n);
    assert.strictEqual(Session.closed, n);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`async_iterators ${seconds.toFixed(6)} s`);
}

run();

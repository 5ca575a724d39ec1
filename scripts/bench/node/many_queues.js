// A ring of two hundred async functions with a queue each: ten tokens go round and round.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

class Fifo {
    items = [];
    first = 0;

    get length() {
        return this.items.length - this.first;
    }

    push(item) {
        this.items.push(item);
    }

    shift() {
        const item = this.items[this.first];
        this.items[this.first++] = undefined;
        if (this.first === 1024) {
            this.items.splice(0, this.first);
            this.first = 0;
        }
        return item;
    }
}

class Queue {
    items = new Fifo();
    getters = new Fifo();
    putters = new Fifo();

    constructor(limit = Infinity) {
        this.limit = limit;
    }

    putNow(item) {
        this.items.push(item);
        if (this.getters.length) this.getters.shift()();
    }

    async put(item) {
        while (this.items.length >= this.limit) await new Promise((resolve) => this.putters.push(resolve));
        this.putNow(item);
    }

    async get() {
        while (!this.items.length) await new Promise((resolve) => this.getters.push(resolve));
        const item = this.items.shift();
        if (this.putters.length) this.putters.shift()();
        return item;
    }
}

const RING = 200;
const TOKENS = 10;

async function station(mine, following) {
    let passed = 0;
    for (let token; (token = await mine.get()) !== null; passed++) following.putNow(token + 1);
    following.putNow(null);
    return passed;
}

async function gate(mine, following) {
    let left = TOKENS;
    for (let i = 0; i < TOKENS; i++) following.putNow(1);
    while (left) {
        const token = await mine.get();
        if (token >= n * RING) left--;
        else following.putNow(token + 1);
    }
    following.putNow(null);
    return n * TOKENS;
}

async function main() {
    const queues = Array.from({ length: RING }, () => new Queue());
    return await Promise.all(queues.map((queue, i) => (i ? station : gate)(queue, queues[(i + 1) % RING])));
}

function check(passed) {
    assert(passed.every((count) => count === n * TOKENS));
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`many_queues ${seconds.toFixed(6)} s`);
}

run();

// Numbers through a bounded queue.
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

async function produce(queue) {
    for (let i = 0; i < n; i++) await queue.put(i);
    await queue.put(null);
}

async function consume(queue) {
    let total = 0;
    for (let item; (item = await queue.get()) !== null; ) total += item;
    return total;
}

async function main() {
    const queue = new Queue(100);
    const [, total] = await Promise.all([produce(queue), consume(queue)]);
    return total;
}

function check(total) {
    assert.strictEqual(total, (n * (n - 1)) / 2);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`queue ${seconds.toFixed(6)} s`);
}

run();

// Primes by a pipeline of async functions, each of which takes the multiples of one prime out.
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

async function numbers(out) {
    for (let i = 2; ; i++) await out.put(i);
}

async function withoutMultiples(prime, source, out) {
    for (;;) {
        const i = await source.get();
        if (i % prime) await out.put(i);
    }
}

async function main() {
    const primes = [];
    let source = new Queue(4);
    numbers(source);
    while (primes.length < n) {
        const prime = await source.get();
        primes.push(prime);
        const out = new Queue(4);
        withoutMultiples(prime, source, out);
        source = out;
    }
    return primes;
}

function check(primes) {
    const isPrime = (i) => {
        for (let d = 2; d * d <= i; d++) if (i % d === 0) return false;
        return true;
    };
    assert(primes.every(isPrime));
    let count = 0;
    for (let i = 2; i <= primes[n - 1]; i++) count += isPrime(i);
    assert.strictEqual(count, n);
    // The pipeline has no end of its own.
    setImmediate(() => process.exit());
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`prime_pipeline ${seconds.toFixed(6)} s`);
}

run();

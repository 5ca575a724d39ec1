// Two async functions that wake each other by events.
"use strict";

const assert = require("node:assert");
const n = Number(process.argv[2]);

class Event {
    isSet = false;
    waiting = [];

    async wait() {
        if (!this.isSet) await new Promise((resolve) => this.waiting.push(resolve));
    }

    set() {
        this.isSet = true;
        for (const resolve of this.waiting) resolve();
        this.waiting = [];
    }

    clear() {
        this.isSet = false;
    }
}

let hits = 0;

async function player(mine, other) {
    for (let i = 0; i < n; i++) {
        await mine.wait();
        mine.clear();
        hits++;
        other.set();
    }
}

async function main() {
    const ping = new Event();
    const pong = new Event();
    ping.set();
    await Promise.all([player(ping, pong), player(pong, ping)]);
    return ping.isSet && !pong.isSet;
}

function check(right) {
    assert(right);
    assert.strictEqual(hits, 2 * n);
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`event_ping_pong ${seconds.toFixed(6)} s`);
}

run();

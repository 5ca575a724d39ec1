// Small programs that are started, ten at a time, and waited for.
"use strict";

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const assert = require("node:assert");
const n = Number(process.argv[2]);

const AT_ONCE = 10;

async function startSome(turns) {
    const codes = [];
    for (let i = 0; i < turns; i++) {
        const [code] = await once(spawn("true", { stdio: "inherit" }), "exit");
        codes.push(code);
    }
    return codes;
}

async function main() {
    return (await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => startSome(Math.floor((n + i) / AT_ONCE))))).flat();
}

function check(codes) {
    assert.deepStrictEqual(codes, Array(n).fill(0));
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`subprocesses ${seconds.toFixed(6)} s`);
}

run();

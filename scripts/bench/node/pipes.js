// A process that is talked to: lines go through `cat` and come back, one by one and then all at once.
"use strict";

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const assert = require("node:assert");
const n = Number(process.argv[2]);

// Gives the lines that come over a socket or pipe, one for each call.
function lineReader(stream) {
    const lines = [];
    let rest = "";
    let wake = null;
    let ended = false;
    stream.setEncoding("latin1");
    stream.on("data", (data) => {
        const parts = (rest + data).split("\n");
        rest = parts.pop();
        lines.push(...parts);
        if (lines.length && wake) wake();
    });
    stream.on("end", () => {
        ended = true;
        if (wake) wake();
    });
    return async () => {
        while (!lines.length && !ended) {
            await new Promise((resolve) => {
                wake = resolve;
            });
            wake = null;
        }
        return lines.length ? lines.shift() + "\n" : "";
    };
}

async function main() {
    const cat = spawn("cat", { stdio: ["pipe", "pipe", "inherit"] });
    const readLine = lineReader(cat.stdout);
    let right = 0;
    for (let i = 0; i < n; i++) {
        const line = `line ${i}\n`;
        cat.stdin.write(line);
        right += (await readLine()) === line;
    }
    let text = "";
    for (let i = 0; i < 10 * n; i++) text += `line ${i}\n`;
    let rest = "";
    cat.stdout.removeAllListeners("data");
    cat.stdout.on("data", (data) => {
        rest += data;
    });
    cat.stdin.end(text);
    const [code] = await once(cat, "close");
    return { right, whole: rest === text, code };
}

function check(result) {
    assert.deepStrictEqual(result, { right: n, whole: true, code: 0 });
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`pipes ${seconds.toFixed(6)} s`);
}

run();

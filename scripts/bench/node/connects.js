// Connections that are opened, used for a question and an answer, and closed.
"use strict";

const net = require("node:net");
const { once } = require("node:events");
const assert = require("node:assert");
const n = Number(process.argv[2]);

const AT_ONCE = 20;

async function text(socket) {
    let all = "";
    socket.setEncoding("latin1");
    for await (const data of socket) all += data;
    return all;
}

async function visitor(turns) {
    let answered = 0;
    for (let i = 0; i < turns; i++) {
        const socket = net.connect(server.address().port, "127.0.0.1");
        socket.write("who?\n");
        answered += (await text(socket)) === "WHO?\n";
    }
    return answered;
}

const server = net.createServer((socket) => {
    socket.setEncoding("latin1");
    socket.once("data", (question) => socket.end(question.toUpperCase()));
});

async function main() {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const answered = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => visitor(Math.floor((n + i) / AT_ONCE))));
    return answered.reduce((total, x) => total + x, 0);
}

function check(answered) {
    assert.strictEqual(answered, n);
    server.close();
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`connects ${seconds.toFixed(6)} s`);
}

run();

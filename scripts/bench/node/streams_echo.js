// An echo server and ten clients on the loopback, a line at a time.
"use strict";

const net = require("node:net");
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

const CLIENTS = 10;

async function serve(socket) {
    const readLine = lineReader(socket);
    for (let line; (line = await readLine()); ) socket.write(line);
    socket.end();
}

async function client(port) {
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    const readLine = lineReader(socket);
    let echoed = 0;
    for (let i = 0; i < n; i++) {
        const line = `line ${i}\n`;
        socket.write(line);
        echoed += (await readLine()) === line;
    }
    socket.end();
    await once(socket, "close");
    return echoed;
}

const server = net.createServer({ noDelay: true }, serve);

async function main() {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return await Promise.all(Array.from({ length: CLIENTS }, () => client(server.address().port)));
}

function check(echoed) {
    assert.deepStrictEqual(echoed, Array(CLIENTS).fill(n));
    server.close();
}

async function run() {
    const start = performance.now();
    const result = await main();
    const seconds = (performance.now() - start) / 1000;
    check(result);
    console.log(`streams_echo ${seconds.toFixed(6)} s`);
}

run();

// The thread that comlink calls.
const { createRequire } = require('node:module');
const { parentPort, workerData } = require('node:worker_threads');

const load = createRequire(`${workerData.folder}/package.json`);
const endpoint = load('comlink/dist/umd/node-adapter');
load('comlink').expose({ echo: (value) => value }, (endpoint.default ?? endpoint)(parentPort));

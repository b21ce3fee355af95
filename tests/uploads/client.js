// tus-js-client as a program: takes its orders as JSON in its argument, prints what became of them as JSON.
// Orders: endpoint, token, file; chunk, deferred, early (bytes with the creation), override, resume (address),
// abortAt (bytes), terminate.
'use strict'

const fs = require('fs')
const Module = require('module')

// Needed by a store of addresses in a file only, which is not used here.
const load = Module._load
Module._load = (name, ...rest) => (['combine-errors', 'proper-lockfile'].includes(name) ? {} : load(name, ...rest))

const { PassThrough } = require('stream')
const tus = require('tus-js-client')

const orders = JSON.parse(process.argv[2])

function tell(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

// Of a file whose length it is not to say the client announces a last chunk as long as the others, and waits for ever
// for bytes that are not there (FileSource.js, `slice`). It is for streams that lengths are said later.
const file = fs.createReadStream(orders.file)
const source = orders.deferred ? file.pipe(new PassThrough()) : file

const upload = new tus.Upload(source, {
  endpoint: orders.endpoint,
  uploadUrl: orders.resume || null,
  headers: { Authorization: `Bearer ${orders.token}` },
  metadata: { filename: 'clip.mp4', filetype: 'video/mp4' },
  chunkSize: orders.chunk || 1024 * 1024,
  uploadSize: orders.deferred ? null : fs.statSync(orders.file).size,
  uploadLengthDeferred: Boolean(orders.deferred),
  uploadDataDuringCreation: Boolean(orders.early),
  overridePatchMethod: Boolean(orders.override),
  retryDelays: Array(60).fill(500),
  onError: (error) => {
    tell({ error: String(error), url: upload.url })
    process.exitCode = 1
  },
  onChunkComplete: (_, accepted) => {
    tell({ accepted, url: upload.url })
    if (orders.abortAt && accepted >= orders.abortAt) {
      upload.abort(Boolean(orders.terminate)).then(() => tell({ aborted: accepted, url: upload.url }))
    }
  },
  onSuccess: ({ lastResponse }) => {
    tell({ done: true, url: upload.url, video: lastResponse.getHeader('Playout-Video-Id') })
  },
})

upload.start()

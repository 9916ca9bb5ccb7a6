-- A node of a cluster on BENCH_PORT with the service `@echo`; says when it listens.
local skynet = require "skynet"
local cluster = require "skynet.cluster"

skynet.start(function()
  local port = tonumber(os.getenv "BENCH_PORT")
  cluster.register("echo", skynet.newservice "benchecho")
  cluster.open(port)
  print('["ready"]')
  io.stdout:flush()
end)

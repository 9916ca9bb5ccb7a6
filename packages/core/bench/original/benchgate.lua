-- Starts the gate that BENCH_GATE names and says when it listens.
local skynet = require "skynet"

skynet.start(function()
  local port = tonumber(os.getenv "BENCH_PORT")
  local gate = skynet.newservice(os.getenv "BENCH_GATE")
  skynet.call(gate, "lua", "open", { address = "127.0.0.1", port = port, maxclient = 30000, nodelay = true })
  print('["ready"]')
  io.stdout:flush()
end)

-- A message server with users u0, u1, … who are logged in; says when it listens.
local skynet = require "skynet"

skynet.start(function()
  local gate = skynet.newservice "benchmsg"
  for i = 0, tonumber(os.getenv "BENCH_USERS") - 1 do
    skynet.call(gate, "lua", "login", "u" .. i, "12345678")
  end
  local port = tonumber(os.getenv "BENCH_PORT")
  skynet.call(gate, "lua", "open", { address = "127.0.0.1", port = port, maxclient = 30000, servername = "sample" })
  print('["ready"]')
  io.stdout:flush()
end)

-- Starts the login server and says when it listens.
local skynet = require "skynet"

skynet.start(function()
  skynet.newservice "benchlogin"
  print('["ready"]')
  io.stdout:flush()
end)

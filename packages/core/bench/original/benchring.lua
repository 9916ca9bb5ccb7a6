-- Passes a token on; the one that was asked for a round tells when it has gone so many steps.
local skynet = require "skynet"
local following, waiting
local commands = {}

function commands.next(handle) following = handle end
function commands.hop(left, first)
  if left > 0 then skynet.send(following, "lua", "hop", left - 1, first)
  else skynet.send(first, "lua", "arrived") end
end
function commands.arrived() waiting(true) end
function commands.round(hops)
  waiting = skynet.response()
  skynet.send(following, "lua", "hop", hops - 1, skynet.self())
end

skynet.start(function()
  skynet.dispatch("lua", function(_, _, command, ...) commands[command](...) end)
end)

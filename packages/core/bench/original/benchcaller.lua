-- Calls a service so many times, one call after another.
local skynet = require "skynet"

skynet.start(function()
  skynet.dispatch("lua", function(_, _, _, target, count)
    for i = 1, count do skynet.call(target, "lua", "echo", i) end
    skynet.retpack(true)
  end)
end)
